/// What a tracing header says about sampling.
public enum SamplingFlag: Hashable, Sendable {
  /// `Sampled=1`: the upstream service traces this request.
  case sampled
  /// `Sampled=0`: the upstream service does not trace it, and neither do we.
  case notSampled
  /// `Sampled=?`: decide, and tell the caller in the response header.
  case requested
  /// No decision was made: the next service that samples decides.
  case undecided

  /// The decision that was made upstream, or `nil` when the receiver decides.
  public var decision: Bool? {
    switch self {
    case .sampled: true
    case .notSampled: false
    case .requested, .undecided: nil
    }
  }
}

/// Why a tracing header could not be read.
public struct TraceHeaderError: Error, Hashable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    case tooLong = "is longer than 1,024 bytes"
    case noRoot = "has no Root"
    case badRoot = "has a malformed Root"
  }
  public var reason: Reason
  /// The header, cut to 128 characters.
  public var header: String

  public init(_ reason: Reason, header: String) {
    self.reason = reason
    self.header = String(header.prefix(128))
  }

  public var description: String { "tracing header \(reason.rawValue): \"\(header)\"" }
}

/// The value of `X-Amzn-Trace-Id`, of `_X_AMZN_TRACE_ID` and of SQS's `AWSTraceHeader`.
///
/// Reading is tolerant, since SDKs differ (empty items, blanks, junk items, letter case of the
/// reserved keys and any order are accepted); writing is exact: `Root;Parent;Sampled;Lineage` and
/// then the custom items in the order in which they came. `Self`, which load balancers add for
/// their own hop, is read and dropped, as all SDKs do.
public struct TraceHeader: Hashable, Sendable {
  /// One custom `key=value` item, kept with its letter case.
  public struct Item: Hashable, Sendable {
    public var key: String
    public var value: String
    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  public var root: TraceID
  public var parent: EntityID?
  public var sampling: SamplingFlag
  /// Lambda's loop detection, passed on unchanged.
  public var lineage: String?
  /// Custom items. Kept and written only while their total stays within ``customBytesLimit``, and only
  /// those that are read back as they are: no reserved or empty key, no `;`, no control character.
  public var custom: [Item]

  /// Longest header that is read, in bytes.
  public static let lengthLimit = 1024
  /// Most bytes of custom keys and values that are passed on, as the Node SDK's limit.
  public static let customBytesLimit = 256
  /// The name of the HTTP header.
  public static let httpName = "X-Amzn-Trace-Id"
  /// The environment variable that Lambda's runtimes set for each invocation.
  public static let environmentName = "_X_AMZN_TRACE_ID"

  public init(
    root: TraceID, parent: EntityID? = nil, sampling: SamplingFlag = .undecided,
    lineage: String? = nil, custom: [Item] = []
  ) {
    self.root = root
    self.parent = parent
    self.sampling = sampling
    self.lineage = lineage
    self.custom = custom
  }
}

// MARK: Reading

extension TraceHeader {
  /// Reads a header. A malformed `Parent` or an unknown `Sampled` counts as absent; of repeated
  /// keys the last one counts.
  public init(parsing header: String) throws(TraceHeaderError) {
    guard header.utf8.count <= Self.lengthLimit else { throw TraceHeaderError(.tooLong, header: header) }
    var root: Substring?
    self.init(root: .notSampled)
    // By bytes, not characters: a combining mark after a separator must not hide it.
    for part in header.utf8.split(separator: UInt8(ascii: ";")) {
      guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let key = Substring(part[..<equals].trimmed)
      let value = Substring(part[part.index(after: equals)...].trimmed)
      switch key.lowercased() {
      case "root": root = value
      case "parent": parent = EntityID(value)
      case "sampled": sampling = Self.sampling(value)
      case "lineage": lineage = value.isEmpty || !value.isWritable ? nil : String(value)
      case "self", "": break
      default: setCustom(Item(key: String(key), value: String(value)))
      }
    }
    guard let root, !root.isEmpty else { throw TraceHeaderError(.noRoot, header: header) }
    guard let id = TraceID(root) else { throw TraceHeaderError(.badRoot, header: header) }
    self.root = id
    custom = writableItems
  }

  private mutating func setCustom(_ item: Item) {
    if let index = custom.firstIndex(where: { $0.key == item.key }) {
      custom[index] = item
    } else {
      custom.append(item)
    }
  }

  private static func sampling(_ value: Substring) -> SamplingFlag {
    switch value {
    case "1": .sampled
    case "0": .notSampled
    case "?": .requested
    default: .undecided
    }
  }
}

extension Substring.UTF8View {
  /// Without blanks and tabs at either end.
  fileprivate var trimmed: Self {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
      return self[endIndex...]
    }
    return self[first...last]
  }
}

// MARK: Writing

extension TraceHeader: CustomStringConvertible {
  /// The header's exact written form.
  public var description: String {
    var text = "Root=\(root)"
    if let parent { text += ";Parent=\(parent)" }
    switch sampling {
    case .sampled: text += ";Sampled=1"
    case .notSampled: text += ";Sampled=0"
    case .requested: text += ";Sampled=?"
    case .undecided: break
    }
    if let lineage, lineage.isWritable { text += ";Lineage=\(lineage)" }
    for item in writableItems { text += ";\(item.key)=\(item.value)" }
    return text
  }

  private static let reservedKeys: Set<String> = ["", "root", "parent", "sampled", "lineage", "self"]

  /// The custom items that are passed on: an item that could be taken for another must not get into a header.
  private var writableItems: [Item] {
    var bytes = 0
    return custom.filter { item in
      item.key.isWritable && item.value.isWritable && !item.key.utf8.contains(UInt8(ascii: "="))
        && !Self.reservedKeys.contains(item.key.lowercased())
    }
    .prefix { item in
      bytes += item.key.utf8.count + item.value.utf8.count
      return bytes <= Self.customBytesLimit
    }
  }
}

extension StringProtocol {
  /// Whether it can stand in a header: without a separator, a line end or another control character.
  fileprivate var isWritable: Bool {
    utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ";") }
  }
}
