import XRayModel
import XRayService

/// A value that is kept in one file, as JSON, and replaced whole.
struct JSONFile {
  private let file: DurableFile

  init(path: String) { file = DurableFile(path: path) }

  /// What was kept; `nil` when nothing ever was.
  func read<Value>(_ value: (JSONValue) throws -> Value) throws -> Value? {
    guard let bytes = try file.read() else { return nil }
    do {
      return try value(JSONValue(parsing: bytes.span))
    } catch {
      throw Failure.unreachable("\(file.path): \(error)")
    }
  }

  /// Returns when what `write` writes will be there after a crash.
  func keep(_ write: (inout JSONWriter) -> Void) throws {
    var writer = JSONWriter(pretty: true)
    write(&writer)
    try file.replace(with: writer.bytes)
  }
}
