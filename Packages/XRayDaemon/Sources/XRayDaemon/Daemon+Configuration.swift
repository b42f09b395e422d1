public import XRayModel

extension Daemon {
  /// What can be set. The defaults are those of the X-Ray daemon where it has the setting.
  public struct Configuration: Sendable {
    /// Where to receive.
    public var address = DatagramAddress()
    /// Bytes of receive buffer to ask the kernel for: what a burst may bring while no thread runs. The kernel may
    /// grant less (`net.core.rmem_max`).
    public var receiveBuffer = 4 << 20
    /// Bytes that documents may take, queued and in flight together, with 32 bytes for each beside its own, and for
    /// all sinks together. The memory into which the kernel writes, at most 4 MB, comes on top.
    public var bufferMemory = 16 << 20
    /// The share of that memory, of 1, that is set aside for what sinks make of a batch, such as the body of a call.
    public var inFlightShare = 0.0
    /// Documents a batch holds at most. X-Ray takes 50 a call.
    public var batchDocuments = 50
    /// Bytes from which on a batch is full, too.
    public var batchBytes = 1 << 20
    /// How long a document waits for its batch to fill while a sender is idle. While none is, batches fill.
    public var batchInterval = Duration.seconds(1)
    /// How long datagrams may gather in the kernel while they keep coming, which spares a wake-up for each. Shorter
    /// where many come, or where the receive buffer is small.
    public var gathering = Duration.zero
    /// Batches that each sink is given at the same time. With more than one they may be stored in another order.
    public var concurrency = 1
    /// How often a batch is given to a sink that throws. After that its documents go to the spool or are dropped;
    /// where trying later may help (``SegmentSinkFailureKind/isTransient``) and there is no spool, they stay.
    public var attempts = 3
    /// Wait before the second attempt; each further wait is twice as long, up to 5 seconds, with half of it random.
    public var retryDelay = Duration.milliseconds(200)
    /// How long delivery may go on after ``Daemon/stop()``.
    public var drainDeadline = Duration.seconds(2)
    /// Chance in the waits between attempts.
    public var random = RandomSource()

    public init() {}

    /// The limits of one of `sinks` buffers.
    func limits(sinks: Int) -> DocumentBuffer.Limits {
      let memory = bufferMemory / max(1, sinks)
      let inFlight = inFlightShare > 0 ? max(1, Int(Double(memory) * min(inFlightShare, 0.5))) : 0
      return DocumentBuffer.Limits(
        budget: memory - inFlight, batchDocuments: max(1, batchDocuments), batchBytes: batchBytes,
        interval: batchInterval, inFlightBytes: inFlight == 0 ? .max : inFlight)
    }
  }

  /// Where documents are delivered to.
  public struct Destination: Sendable {
    /// As logs and metrics call it.
    public var name: String
    public var sink: any SegmentSink
    /// Where batches wait while the sink does not answer.
    public var spool: SpoolConfiguration?

    public init(name: String, sink: any SegmentSink, spool: SpoolConfiguration? = nil) {
      self.name = name
      self.sink = sink
      self.spool = spool
    }
  }

  /// What happens at one destination at the moment.
  public struct DeliveryStatus: Sendable {
    public var name: String
    /// The way of the documents to this destination.
    public var ledger: Ledger
    public var failures: SinkFailures
    /// Bytes of memory that its documents take.
    public var bufferedBytes: Int
    /// Documents of the ledger's `held` that lie in the spool.
    public var spooledDocuments: Int
    public var spooledBytes: Int
  }

  /// What became of a document that was not received as a datagram.
  public enum Acceptance: Sendable {
    case accepted
    /// There is no room at the moment.
    case noRoom
  }
}
