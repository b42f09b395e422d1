extension Daemon {
  /// What can be set. The defaults are those of the X-Ray daemon where it has the setting.
  public struct Configuration: Sendable {
    /// Where to receive.
    public var address = DatagramAddress()
    /// Bytes of receive buffer to ask the kernel for: what a burst may bring while no thread runs. The kernel may
    /// grant less (`net.core.rmem_max`).
    public var receiveBuffer = 4 << 20
    /// Bytes that documents may take, queued and in flight together, with 64 bytes for each beside its own. The
    /// memory into which the kernel writes, at most 4 MB, comes on top.
    public var bufferMemory = 16 << 20
    /// Documents a batch holds at most. X-Ray takes 50 a call.
    public var batchDocuments = 50
    /// Bytes from which on a batch is full, too.
    public var batchBytes = 1 << 20
    /// How long a document waits for its batch to fill.
    public var batchInterval = Duration.seconds(1)
    /// Batches that the sink is given at the same time. With more than one they may be stored in another order.
    public var concurrency = 1
    /// How often a batch is given to a sink that throws before its documents are dropped.
    public var attempts = 3
    /// Wait before the second attempt; each further wait is twice as long.
    public var retryDelay = Duration.milliseconds(200)
    /// How long delivery may go on after ``Daemon/stop()``.
    public var drainDeadline = Duration.seconds(2)

    public init() {}

    var limits: DocumentBuffer.Limits {
      DocumentBuffer.Limits(
        budget: bufferMemory, batchDocuments: max(1, batchDocuments), batchBytes: batchBytes, interval: batchInterval)
    }
  }
}
