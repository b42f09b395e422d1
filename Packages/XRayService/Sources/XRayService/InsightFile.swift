import Insights
import XRayModel

/// The insights on disk. They are written once a minute at most, and only when something changed.
struct InsightFile: Sendable {
  private let file: DurableFile

  init(directory: String) { file = DurableFile(path: directory + "/insights.json") }

  /// What was kept last; an empty log when nothing was.
  func read() throws -> InsightLog {
    guard let bytes = try file.read() else { return InsightLog() }
    do {
      return try InsightLog(json: JSONValue(parsing: bytes.span))
    } catch {
      throw SettingsError(.damaged, file.path, "\(error)")
    }
  }

  func write(_ log: InsightLog) throws {
    var writer = JSONWriter()
    log.write(to: &writer)
    try file.replace(with: writer.bytes)
  }
}
