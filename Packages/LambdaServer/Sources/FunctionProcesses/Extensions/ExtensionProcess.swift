import Glibc
import LambdaEmitter
import NIOCore
import NIOPosix

/// An external extension: a program of the function's folder `extensions`, in a process group of its own.
///
/// In the hands of the environment's event loop, like the runtime's process beside it.
final class ExtensionProcess {
  /// Where a function's code has its extensions, and nothing else that can be run.
  static let folder = "extensions"
  /// The runtime's own variables, which Lambda does not give to extensions.
  private static let runtimeVariables = [
    "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_PORT", "_HANDLER", "_X_AMZN_TRACE_ID",
  ]

  let name: String
  let output: ProcessOutput
  private let channel: any Channel
  private var child: ChildProcess?
  /// Called once, when the process is reaped.
  private let whenExited: (ExtensionProcess, RuntimeExit) -> Void

  private init(
    name: String, output: ProcessOutput, channel: any Channel, child: ChildProcess,
    whenExited: @escaping (ExtensionProcess, RuntimeExit) -> Void
  ) {
    self.name = name
    self.output = output
    self.channel = channel
    self.child = child
    self.whenExited = whenExited
  }

  /// The files of the code's folder `extensions` that can be run, by name.
  static func names(in codeFolder: String) -> [String] {
    let path = "\(codeFolder)/\(folder)"
    guard let listing = opendir(path) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var status = stat()
      guard stat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH) != 0
      else { continue }
      names.append(name)
    }
    return names.sorted()
  }

  /// Starts the program `name`. The future fails with ``RuntimeExit`` when it cannot be run, with ``RuntimeFailure``
  /// when the system has no room for it; nothing is left behind then.
  static func start(
    _ name: String, of program: RuntimeProgram, variables: [String: String], on loop: any EventLoop,
    line: @escaping (String) -> Void, whenExited: @escaping (ExtensionProcess, RuntimeExit) -> Void
  ) -> EventLoopFuture<NIOLoopBound<ExtensionProcess>> {
    var pipe: [CInt] = [-1, -1]
    guard Glibc.pipe(&pipe) == 0 else {
      return loop.makeFailedFuture(
        RuntimeFailure("no pipe for an extension's output: \(String(cString: strerror(errno)))"))
    }
    for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let output = ProcessOutput(descriptor: fcntl(pipe[0], F_DUPFD_CLOEXEC, 3))
    output.sink = line
    let written = pipe[1]
    let extensionProgram = RuntimeProgram(
      executable: "\(program.codeFolder)/\(folder)/\(name)", codeFolder: program.codeFolder)
    let variables = variables.filter { !runtimeVariables.contains($0.key) }
    let bound = NIOLoopBound((output, whenExited), eventLoop: loop)
    return output.read(from: pipe[0], on: loop).flatMapThrowing { channel in
      let (output, whenExited) = bound.value
      do {
        let child = try ChildProcess.spawn(extensionProgram, variables: variables, output: written)
        let process = ExtensionProcess(
          name: name, output: output, channel: channel, child: child, whenExited: whenExited)
        output.whenAtEnd = { [weak process] in process?.lookAgain(after: .milliseconds(1)) }
        return NIOLoopBound(process, eventLoop: loop)
      } catch {
        channel.close(promise: nil)
        guard let error = error as? SpawnError, error.isOfProgram else {
          throw RuntimeFailure("an extension's process cannot be started: \(error)")
        }
        throw RuntimeExit(extensionError: "Extension.LaunchError", reason: "\(name): \(error)")
      }
    }.always { result in
      Glibc.close(written)
      if case .failure = result { bound.value.0.close() }
    }
  }

  var isRunning: Bool { child != nil }
  var residentMegabytes: Int { child.map { ProcessTable.residentMegabytes(of: $0.id) } ?? 0 }
  func signal(_ signal: CInt) { child?.signalGroup(signal) }

  /// Finds out whether the process is still there.
  func look() {
    guard let child, let exit = child.reap() else { return }
    self.child = nil
    output.endLine()
    whenExited(self, exit)
  }

  private func lookAgain(after delay: TimeAmount) {
    look()
    guard child != nil else { return }
    let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
    channel.eventLoop.scheduleTask(in: delay) { bound.value.lookAgain(after: min(delay * 2, .seconds(1))) }
  }

  /// Closes what is left of a process that is gone.
  func close() -> EventLoopFuture<Void> {
    output.whenAtEnd = {}
    output.sink = nil
    output.close()
    channel.close(promise: nil)
    return channel.closeFuture
  }
}

extension ProcessOutput {
  /// Reads a pipe, which it owns from now on.
  func read(from descriptor: CInt, on loop: any EventLoop) -> EventLoopFuture<any Channel> {
    let handler = NIOLoopBound(self, eventLoop: loop)
    return NIOPipeBootstrap(group: loop)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler.value) }
      }
      .takingOwnershipOfDescriptor(input: descriptor)
      .flatMapErrorThrowing { error in
        Glibc.close(descriptor)
        throw RuntimeFailure("the process's output cannot be read: \(error)")
      }
  }
}
