-- expand
--
-- Messages to Alertmanager are repeated while their incident goes on. Whether a channel is in use at this moment is asked for
-- each message that goes out, of those that were sent before as well.

create index alert_messages_claimed on alert_messages (channel_id) where claimed_until is not null;
comment on column alert_messages.run_at is 'Not sent before; once it was sent to Alertmanager, when it is repeated next; database clock.';
