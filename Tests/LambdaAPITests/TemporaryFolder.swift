@testable import LambdaAPI

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder that is gone with the test.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/lambda-api-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer {
      $0.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
    }
  }

  deinit { if path.contains("/lambda-api-") { removeTree(path) } }

  func text(_ name: String) -> String? {
    contents(of: "\(path)/\(name)", atMost: 1 << 30).map { String(decoding: $0, as: UTF8.self) }
  }

  func has(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }
  func isExecutable(_ name: String) -> Bool { access("\(path)/\(name)", X_OK) == 0 }
  func names(_ name: String = "") -> [String] { entries(of: "\(path)/\(name)").sorted() }
}

private func entries(of folder: String) -> [String] { names(in: folder) }
