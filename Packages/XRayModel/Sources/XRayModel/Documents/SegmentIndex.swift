/// What is known of a segment document after one pass over its bytes: enough to validate it, to file it
/// under its trace and to answer for it, without building anything from it.
public struct SegmentIndex: Hashable, Sendable {
  public var kind: Entity.Kind
  public var traceID: TraceID
  public var id: EntityID
  public var parentID: EntityID?
  public var start: Timestamp
  /// `nil` while in progress.
  public var end: Timestamp?
  public var isInProgress: Bool
  /// Where the content of the name's JSON string lies in the document, escapes and all.
  public var name: Range<Int>
  /// Where the content of `origin` lies, if there is one.
  public var origin: Range<Int>?
  public var outcome: Outcome
  /// Embedded subsegments at any depth.
  public var subsegmentCount: Int
  public var tolerated: Tolerated

  /// `error`, `fault` and `throttle` of the document's own entity.
  public struct Outcome: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let error = Outcome(rawValue: 1)
    public static let fault = Outcome(rawValue: 2)
    public static let throttle = Outcome(rawValue: 4)
  }

  /// What a stricter reader would have refused; each is counted.
  public struct Tolerated: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// An embedded subsegment without a name, as the Python SDK's SQLAlchemy patch sends.
    public static let namelessSubsegment = Tolerated(rawValue: 1)
    /// Bare NaN or Infinity in metadata.
    public static let nonFiniteMetadata = Tolerated(rawValue: 2)
    /// `content_length` as text.
    public static let textContentLength = Tolerated(rawValue: 4)
  }

  /// X-Ray: at most 64 KB a document.
  public static let documentBytesLimit = 65_536
  /// X-Ray: names have 1 to 200 characters.
  public static let nameLengthLimit = 200
}

extension SegmentIndex {
  /// Reads and validates a document.
  ///
  /// Accepts everything that real SDKs send, and nothing that could not be answered again as JSON.
  /// Rules are checked in the service's order; a bad embedded subsegment refuses the whole document.
  public init(scanning document: Span<UInt8>) throws(SegmentRejection) {
    let result = document.withUnsafeBytes { buffer -> Result<SegmentIndex, SegmentRejection> in
      do throws(SegmentRejection) {
        return .success(try SegmentIndex.scan(buffer))
      } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  /// Reads and validates a document that lies in memory owned by somebody else.
  public static func scan(_ document: UnsafeRawBufferPointer) throws(SegmentRejection) -> SegmentIndex {
    guard document.count <= documentBytesLimit else {
      throw SegmentRejection(.invalidSegment, detail: "\(document.count) bytes, more than \(documentBytesLimit)")
    }
    var scanner = EntityScanner(document)
    return try scanner.scanDocument()
  }
}
