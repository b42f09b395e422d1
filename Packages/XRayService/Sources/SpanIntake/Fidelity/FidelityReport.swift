/// What became of everything that senders said: which attributes have a place of their own in X-Ray's documents,
/// which are kept as annotations or metadata, and which could not be kept.
///
/// Reports add up: a server keeps one running sum. Their size is bounded, whatever is sent: what comes from more
/// sources than ``sourcesLimit`` or has more keys than ``keysLimit`` is counted under ``others``.
public struct FidelityReport: Hashable, Sendable {
  public static let sourcesLimit = 64
  public static let keysLimit = 500
  /// Characters of a source's or key's name that are kept.
  public static let nameLengthLimit = 128
  /// The name under which sources and keys beyond the limits are counted together.
  public static let others = "(others)"

  /// What became of one attribute.
  public enum Fate: Hashable, Sendable {
    /// It is the member `to` of the document, such as `http.request.method`.
    case mapped(to: String)
    /// It is an annotation of the same key.
    case annotation
    /// It is an annotation of another key, for its own has characters that X-Ray does not index.
    case renamedAnnotation
    /// It is in the metadata.
    case metadata
    /// It is lost, for this reason.
    case dropped(String)
  }

  /// What came from one library of one language, or from Zipkin.
  public struct Source: Hashable, Sendable {
    public internal(set) var spans = 0
    /// Spans that had no end: kept as in progress.
    public internal(set) var unfinished = 0
    /// Documents that had to be shortened to X-Ray's 64 KB.
    public internal(set) var shortened = 0
    /// Spans that made no document, by reason.
    public internal(set) var rejected: [String: Int] = [:]
    /// How often which key met which fate. Keys of resources, events and links have the prefix `resource:`,
    /// `event:` or `link:`.
    public internal(set) var keys: [String: [Fate: Int]] = [:]

    mutating func count(_ key: String, _ fate: Fate, _ times: Int = 1) {
      guard times > 0 else { return }
      let name = FidelityReport.bounded(key)
      let isNew = keys[name] == nil && keys.count >= FidelityReport.keysLimit
      keys[isNew ? FidelityReport.others : name, default: [:]][isNew ? fate.bounded : fate, default: 0]
        .add(times)
    }

    mutating func merge(_ other: Source) {
      spans.add(other.spans)
      unfinished.add(other.unfinished)
      shortened.add(other.shortened)
      for (reason, times) in other.rejected { rejected[reason, default: 0].add(times) }
      for key in other.keys.keys.sorted() {
        for (fate, times) in other.keys[key] ?? [:] { count(key, fate, times) }
      }
    }
  }

  /// By name: the SDK's language and the library, such as `python opentelemetry.instrumentation.flask`, or `zipkin`.
  public private(set) var sources: [String: Source] = [:]

  public init() {}

  /// Adds what another report counted.
  public mutating func merge(_ other: FidelityReport) {
    for name in other.sources.keys.sorted() {
      if let source = other.sources[name] { sources[slot(of: name), default: Source()].merge(source) }
    }
  }

  /// The name under which a source is counted.
  func slot(of name: String) -> String {
    let name = Self.bounded(name)
    return sources[name] == nil && sources.count >= Self.sourcesLimit ? Self.others : name
  }

  /// Takes out what was counted so far, to be put back.
  mutating func take(_ slot: String) -> Source { sources.removeValue(forKey: slot) ?? Source() }
  mutating func put(_ source: Source, at slot: String) { sources[slot] = source }

  fileprivate static func bounded(_ name: String) -> String {
    name.utf8.count <= nameLengthLimit ? name : String(name.prefix(nameLengthLimit - 1)) + "…"
  }
}

extension FidelityReport.Fate {
  /// Without the target, of which there are as many as keys.
  fileprivate var bounded: Self { if case .mapped = self { .mapped(to: FidelityReport.others) } else { self } }
}

extension Int {
  fileprivate mutating func add(_ other: Int) { self = addingSaturating(other) }
}
