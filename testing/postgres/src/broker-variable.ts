/** Names where a test process asks for the run's PostgreSQL; set before the first of them starts. */
export const BROKER_VARIABLE = "TRUECHIMER_TEST_POSTGRES_BROKER";
