public import NIOCore

/// Runs tasks on an event loop, beside the connections that live there.
///
/// A task that sends requests from anywhere else wakes the loop's thread for each request, which wakes the task's
/// thread for the response: at 1,000 requests a second that costs more than the requests. Tasks on the loop must not
/// block it.
public final class EventLoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  /// - Parameter loop: Must outlive the tasks.
  public init(_ loop: any EventLoop) { self.loop = loop }

  /// Called by the runtime.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
