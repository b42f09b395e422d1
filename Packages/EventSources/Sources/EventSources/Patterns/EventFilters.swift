public import XRayModel

/// The filters of an event source: what matches one of them is let through, and everything when there are none.
public struct EventFilters: Hashable, Sendable {
  public let patterns: [EventPattern]

  /// Lambda: five filters, and ten for those who have asked for more.
  public static let countLimit = 10
  /// Lambda: characters of a filter's pattern.
  public static let patternLengthLimit = 4096

  /// No filters.
  public init() { patterns = [] }

  /// - Parameter texts: At most ``countLimit`` patterns of at most ``patternLengthLimit`` characters each.
  /// - Throws: For what is too much and for what is no pattern.
  public init(parsing texts: [String]) throws(EventPatternError) {
    guard texts.count <= Self.countLimit else {
      throw EventPatternError("is one of more than \(Self.countLimit)")
    }
    var patterns: [EventPattern] = []
    for text in texts {
      guard text.unicodeScalars.count <= Self.patternLengthLimit else {
        throw EventPatternError("has more than \(Self.patternLengthLimit) characters")
      }
      patterns.append(try EventPattern(parsing: text))
    }
    self.patterns = patterns
  }

  public var isEmpty: Bool { patterns.isEmpty }

  /// Whether a record is let through.
  ///
  /// - Parameter embedded: The member whose text may hold JSON: `body` of a message, `data` of a stream's record.
  public func admit(_ record: JSONObject, embedded: String) -> Bool {
    patterns.isEmpty || patterns.contains { $0.matches(record, embedded: embedded) }
  }
}
