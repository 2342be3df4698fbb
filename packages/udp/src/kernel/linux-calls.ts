// The system calls that Node does not offer, through koffi. Memory is passed as plain addresses into `NativeMemory`,
// which costs nothing per call. Each call returns what the system call returns, or minus errno.

import koffi from "koffi";

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
  const bindCall = (name: string, parameters: string): NativeCall => {
    const call = library.func(`int ${name}(${parameters})`) as NativeCall;
    return (...values) => {
      const result = call(...values);
      return result < 0 ? -koffi.errno() : result;
    };
  };
  const recvmmsg = bindCall("recvmmsg", "int, size_t, unsigned int, int, size_t");
  const epollCreate1 = bindCall("epoll_create1", "int");
  const eventfd = bindCall("eventfd", "unsigned int, int");
  return {
    socket: bindCall("socket", "int, int, int"),
    bind: bindCall("bind", "int, size_t, unsigned int"),
    getsockname: bindCall("getsockname", "int, size_t, size_t"),
    setsockopt: bindCall("setsockopt", "int, int, int, size_t, unsigned int"),
    sendmmsg: bindCall("sendmmsg", "int, size_t, unsigned int, int"),
    recvmmsg: (fd, messages, count, flags) => recvmmsg(fd, messages, count, flags, 0),
    epollCreate: () => epollCreate1(EPOLL_CLOEXEC),
    epollControl: bindCall("epoll_ctl", "int, int, int, size_t"),
    epollWait: bindCall("epoll_wait", "int, size_t, int, int"),
    eventfd: (flags) => eventfd(0, flags),
    read: bindCall("read", "int, size_t, size_t"),
    close: bindCall("close", "int"),
    clockGettime: bindCall("clock_gettime", "int, size_t"),
  };
}
