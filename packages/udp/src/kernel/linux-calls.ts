// The system calls that Node does not offer, through koffi. Memory is passed as plain addresses into `NativeMemory`,
// which costs nothing per call. Each call returns what the system call returns, or minus errno.

import koffi from "koffi";

/** The calls, with addresses as numbers. Names and parameters as in section 2 of the manual. */
export interface LinuxCalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: number, length: number): number;
  getsockname(fd: number, address: number, lengthAddress: number): number;
  setsockopt(fd: number, level: number, name: number, value: number, length: number): number;
  sendmmsg(fd: number, messages: number, count: number, flags: number): number;
  recvmmsg(fd: number, messages: number, count: number, flags: number): number;
  epollCreate(): number;
  epollControl(epollFd: number, operation: number, fd: number, event: number): number;
  epollWait(epollFd: number, events: number, count: number, timeoutMs: number): number;
  eventfd(flags: number): number;
  read(fd: number, address: number, length: number): number;
  close(fd: number): number;
  clockGettime(clock: number, address: number): number;
}

type NativeCall = (...values: number[]) => number;

const EPOLL_CLOEXEC = 0o2000000;

/** Binds the calls to the C library that Node itself runs on (glibc or musl). Throws when there is none. */
export function openLinuxCalls(): LinuxCalls {
  const library = koffi.load(null);
  const declare = (name: string, parameters: string): NativeCall =>
    library.func(`int ${name}(${parameters})`) as NativeCall;
  const socket = declare("socket", "int, int, int");
  const bind = declare("bind", "int, size_t, unsigned int");
  const getsockname = declare("getsockname", "int, size_t, size_t");
  const setsockopt = declare("setsockopt", "int, int, int, size_t, unsigned int");
  const sendmmsg = declare("sendmmsg", "int, size_t, unsigned int, int");
  const recvmmsg = declare("recvmmsg", "int, size_t, unsigned int, int, size_t");
  const epollCreate1 = declare("epoll_create1", "int");
  const epollCtl = declare("epoll_ctl", "int, int, int, size_t");
  const epollWait = declare("epoll_wait", "int, size_t, int, int");
  const eventfd = declare("eventfd", "unsigned int, int");
  // Its result is a ssize_t; no caller reads more than fits into an int.
  const read = declare("read", "int, size_t, size_t");
  const close = declare("close", "int");
  const clockGettime = declare("clock_gettime", "int, size_t");
  return {
    socket: (domain, type, protocol) => orErrno(socket(domain, type, protocol)),
    bind: (fd, address, length) => orErrno(bind(fd, address, length)),
    getsockname: (fd, address, length) => orErrno(getsockname(fd, address, length)),
    setsockopt: (fd, level, name, value, length) =>
      orErrno(setsockopt(fd, level, name, value, length)),
    sendmmsg: (fd, messages, count, flags) => orErrno(sendmmsg(fd, messages, count, flags)),
    recvmmsg: (fd, messages, count, flags) => orErrno(recvmmsg(fd, messages, count, flags, 0)),
    epollCreate: () => orErrno(epollCreate1(EPOLL_CLOEXEC)),
    epollControl: (epollFd, operation, fd, event) =>
      orErrno(epollCtl(epollFd, operation, fd, event)),
    epollWait: (epollFd, events, count, timeoutMs) =>
      orErrno(epollWait(epollFd, events, count, timeoutMs)),
    eventfd: (flags) => orErrno(eventfd(0, flags)),
    read: (fd, address, length) => orErrno(read(fd, address, length)),
    close: (fd) => orErrno(close(fd)),
    clockGettime: (clock, address) => orErrno(clockGettime(clock, address)),
  };
}

const MADV_DONTNEED = 4;

/**
 * madvise(2) with MADV_DONTNEED: the pages are no longer this process's; what it still needs comes back from their file.
 * Only for mappings of a file that nobody has written to. Returns 0 or minus errno.
 */
export function dropPages(address: number, length: number): number {
  const madvise = koffi.load(null).func("int madvise(size_t, size_t, int)") as NativeCall;
  return orErrno(madvise(address, length, MADV_DONTNEED));
}

function orErrno(result: number): number {
  return result < 0 ? -koffi.errno() : result;
}
