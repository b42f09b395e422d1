/// How spans are turned into documents.
public struct IntakeOptions: Hashable, Sendable {
  /// Whether attributes that have no place of their own become annotations, as many as X-Ray indexes. A span whose
  /// `aws.xray.annotations` lists what its sender wants indexed is not affected: there the list counts.
  public var indexesAllAttributes: Bool
  /// Attributes that become annotations in any case, even those that have a place of their own.
  public var indexedAttributes: Set<String>
  /// Bytes of all documents of one request: what segments repeat of their resource makes them larger than the
  /// request was. Spans beyond are rejected.
  public var documentBytes: Int

  public init(
    indexesAllAttributes: Bool = true, indexedAttributes: Set<String> = [], documentBytes: Int = 64 << 20
  ) {
    self.indexesAllAttributes = indexesAllAttributes
    self.indexedAttributes = indexedAttributes
    self.documentBytes = documentBytes
  }

  /// X-Ray: 50 indexed annotations a trace. One document may use them all.
  static let annotationsLimit = 50
  /// X-Ray: keys of annotations have at most 500 characters.
  static let annotationKeyLimit = 500
  /// X-Ray: texts of annotations have at most 1,000 characters.
  static let annotationTextLimit = 1_000
  /// X-Ray: at most 100 links.
  static let linksLimit = 100
  /// Exceptions of one span; others are kept as events.
  static let exceptionsLimit = 16
  /// Frames of one exception; others are counted.
  static let framesLimit = 50
}
