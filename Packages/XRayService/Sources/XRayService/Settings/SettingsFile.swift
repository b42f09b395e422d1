import Synchronization
import XRayModel

/// The settings in memory, and in the file `settings.json` where there is a folder for it.
///
/// Readers never wait for the disk: they see the settings before a change until it is on disk.
final class SettingsFile: Sendable {
  private let settings: Mutex<ServiceSettings>
  /// Held while a change is made and written, so that one follows the other.
  private let changing = Mutex(())
  /// `nil` for settings that nobody keeps.
  private let file: DurableFile?

  /// Settings that are gone with the process.
  init(identity: ServiceIdentity = ServiceIdentity()) {
    settings = Mutex(ServiceSettings(identity: identity))
    file = nil
  }

  /// Settings in the folder, which is made when it is missing. What is in its file keeps the ARNs it was made with.
  init(directory: String, identity: ServiceIdentity = ServiceIdentity()) throws(SettingsError) {
    let file = DurableFile(path: directory + "/settings.json")
    try file.makeFolder()
    settings = Mutex(try Self.read(file) ?? ServiceSettings(identity: identity))
    self.file = file
  }

  /// `nil` when there is no file yet.
  private static func read(_ file: DurableFile) throws(SettingsError) -> ServiceSettings? {
    guard let bytes = try file.read() else { return nil }
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue(parsing: bytes.span)
    } catch {
      throw SettingsError(.damaged, file.path, "\(error)")
    }
    do throws(SettingsDamage) {
      return try ServiceSettings(json: json)
    } catch {
      throw SettingsError(.damaged, file.path, error.detail)
    }
  }

  var current: ServiceSettings { settings.withLock { $0 } }

  /// Changes the settings: whole, and on disk before it returns, or not at all.
  ///
  /// - Throws: What `change` throws; ``SettingsError`` when the file cannot be written.
  func change<Result: Sendable>(_ change: (inout ServiceSettings) throws -> Result) throws -> Result {
    try changing.withLock { _ in
      var changed = current
      let result = try change(&changed)
      if changed == current { return result }
      if let file {
        var writer = JSONWriter(pretty: true)
        changed.write(to: &writer)
        try file.replace(with: writer.bytes)
      }
      settings.withLock { $0 = changed }
      return result
    }
  }
}
