import Traces
import XRayModel

/// A term made ready for evaluation.
enum Condition: Sendable {
  case flag(Keyword, Bool)
  case isNumber(Keyword)
  case number(Keyword, Comparison.Operator, Double)
  case text(Keyword, TextTest)
  case annotation(AnnotationKey, AnnotationTest)
  case service(ServiceSelector, Program?)
  case edge(ServiceSelector, ServiceSelector, Program?)
  case rootCause(RootCauseKind, RootCauseElement, Program)
  /// A JSON array of patterns; there must be a root cause for each.
  case rootCauses([JSONValue])

  /// What the term asks, without the negation in `!=` of booleans, groups and root causes.
  init(_ term: Term) {
    switch term {
    case .keyword(let keyword, let comparison):
      switch (keyword.kind, comparison?.value) {
      case (.number, .number(let number)?): self = .number(keyword, comparison?.comparator ?? .equal, number)
      case (.number, _): self = .isNumber(keyword)
      case (.text, .text(let text)?): self = .text(keyword, TextTest(comparison?.comparator ?? .equal, text))
      case (.text, _): self = .text(keyword, .isSet)
      case (.flag, .flag(let flag)?): self = .flag(keyword, flag != (comparison?.comparator == .notEqual))
      case (.flag, _): self = .flag(keyword, true)
      }
    case .annotation(let key, let comparison): self = .annotation(key, AnnotationTest(comparison))
    case .service(let selector, let conditions): self = .service(selector, conditions.map { Program($0) })
    case .edge(let source, let target, let conditions): self = .edge(source, target, conditions.map { Program($0) })
    case .rootCause(let kind, let element, let conditions): self = .rootCause(kind, element, Program(conditions))
    case .rootCauseJSON(let patterns, _): self = .rootCauses(patterns.array ?? [])
    // Filters replace groups by what they stand for; what is left over is true of nothing.
    case .group: self = .rootCauses([.null])
    }
  }

  /// `nil` for flags that only documents tell, and for what is not a fact of `values` alone.
  @inline(__always)
  func holds(for values: some FilterValues) -> Bool? {
    switch self {
    case .flag(let keyword, let expected): values.flag(keyword).map { $0 == expected }
    case .isNumber(let keyword): values.number(keyword) != nil
    case .number(let keyword, let comparator, let number):
      values.number(keyword).map { comparator.holds($0, number) } ?? false
    case .text(let keyword, let test): values.hasText(keyword, where: test.passes)
    case .annotation(let key, let test): values.hasAnnotation(key, where: test.passes)
    case .service, .edge, .rootCause, .rootCauses: nil
    }
  }
}

extension Comparison.Operator {
  /// Of numbers.
  @inline(__always)
  package func holds(_ a: Double, _ b: Double) -> Bool {
    switch self {
    case .equal: a == b
    // A number that is none has no value to compare.
    case .notEqual: a != b && !a.isNaN
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    case .contains, .beginsWith, .endsWith: false
    }
  }
}

/// What is asked of a text. Texts compare byte by byte.
struct TextTest: Sendable {
  /// `nil` asks for any text.
  private let comparator: Comparison.Operator?
  private let bytes: [UInt8]

  static let isSet = TextTest(comparator: nil, bytes: [])

  private init(comparator: Comparison.Operator?, bytes: [UInt8]) {
    self.comparator = comparator
    self.bytes = bytes
  }

  init(_ comparator: Comparison.Operator, _ text: String) { self.init(comparator: comparator, bytes: Array(text.utf8)) }

  func passes(_ text: String) -> Bool {
    guard let comparator else { return true }
    return text.utf8.withContiguousStorageIfAvailable { passes(comparator, $0) }
      ?? Array(text.utf8).withUnsafeBufferPointer { passes(comparator, $0) }
  }

  private func passes(_ comparator: Comparison.Operator, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    switch comparator {
    case .equal: text.elementsEqual(bytes)
    case .notEqual: !text.elementsEqual(bytes)
    case .beginsWith: text.starts(with: bytes)
    case .endsWith: text.count >= bytes.count && text.suffix(bytes.count).elementsEqual(bytes)
    case .contains: contains(text)
    case .less, .lessOrEqual, .greater, .greaterOrEqual: false
    }
  }

  private func contains(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = bytes.first else { return true }
    guard text.count >= bytes.count else { return false }
    return (0...(text.count - bytes.count)).contains { start in
      text[start] == first && text[start...].starts(with: bytes)
    }
  }
}

/// What is asked of an annotation. Values of another type than the one asked for never pass.
enum AnnotationTest: Sendable {
  case isSet
  /// Set, and not the boolean false.
  case isTrue
  case text(TextTest)
  case number(Comparison.Operator, Double)
  case flag(Bool)

  init(_ comparison: Comparison?) {
    switch (comparison?.comparator, comparison?.value) {
    // X-Ray's way to ask for any value.
    case (.contains, .text("")): self = .isSet
    case (let comparator?, .text(let text)?): self = .text(TextTest(comparator, text))
    case (let comparator?, .number(let number)?): self = .number(comparator, number)
    case (let comparator?, .flag(let flag)?): self = .flag(flag != (comparator == .notEqual))
    default: self = .isTrue
    }
  }

  func passes(_ value: AnnotationValue) -> Bool {
    switch (self, value) {
    case (.isSet, _): true
    case (.isTrue, _): value != .boolean(false)
    case (.text(let test), .string(let text)): test.passes(text)
    case (.number(let comparator, let bound), .number(let number)): comparator.holds(number.double, bound)
    case (.flag(let expected), .boolean(let flag)): flag == expected
    default: false
    }
  }
}
