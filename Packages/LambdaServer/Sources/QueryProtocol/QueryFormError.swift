/// Why a form could not be read. Each service has a code of its own for it.
public enum QueryFormError: Error, Hashable, Sendable, CustomStringConvertible {
  /// More than ``QueryForm/byteLimit`` bytes.
  case tooManyBytes
  /// More than ``QueryForm/fieldLimit`` fields.
  case tooManyFields
  /// A broken escape, text that is not UTF-8, or an entry of a map without a key.
  case malformed
  /// A field, or a key of a map, that is there more than once.
  case repeated(String)

  /// Whether it is about the size of the request.
  public var isAboutSize: Bool { self == .tooManyBytes || self == .tooManyFields }

  /// For the caller; a name in it is cut to 256 characters.
  public var description: String {
    switch self {
    case .tooManyBytes: "The request has more than \(QueryForm.byteLimit) bytes."
    case .tooManyFields: "The request has more than \(QueryForm.fieldLimit) parameters."
    case .malformed: "The request is not form-encoded UTF-8."
    case .repeated(let name): "The parameter \(name.quoted) is there more than once."
    }
  }
}

extension String {
  /// The text as messages repeat it: not more than 256 characters of what a client sent.
  public var quoted: String {
    unicodeScalars.count > 256 ? String(String.UnicodeScalarView(unicodeScalars.prefix(256))) + "…" : self
  }
}
