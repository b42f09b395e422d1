import Foundation
import Testing

/// An authority of the test's own, and a certificate that it signed for `localhost`, `xray.test`, `*.wild.test` and 127.0.0.1.
struct Certificates {
  /// PEM files.
  let authority: String
  let certificate: String
  let key: String

  /// Made once, by the `openssl` command, in a folder that goes with the process's temporary files.
  static let made = Result { try Certificates() }

  private init() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func path(_ name: String) -> String { folder.appending(path: name).path() }
    func run(_ arguments: String) throws {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
      process.currentDirectoryURL = folder
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0, "openssl \(arguments)")
    }
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    try run("req -x509 \(key) -keyout ca.key -out ca.pem -subj /CN=Test -days 2")
    try run("req \(key) -keyout server.key -out server.csr -subj /CN=localhost")
    try Data("subjectAltName=DNS:localhost,DNS:xray.test,DNS:*.wild.test,IP:127.0.0.1".utf8).write(
      to: folder.appending(path: "names"))
    try run(
      "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names")
    authority = path("ca.pem")
    certificate = path("server.pem")
    self.key = path("server.key")
  }
}
