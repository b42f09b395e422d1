import Testing

@testable import LambdaAPI

@Suite struct `An archive of code` {
  /// Unpacks into a folder of its own.
  private func unpack(_ zip: [UInt8], limits: ZipArchive.Limits = .init()) throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try FolderWriter(folder: folder.path).write(ZipArchive(zip, limits: limits))
    return folder
  }

  private func refusal(_ zip: [UInt8], limits: ZipArchive.Limits = .init()) -> ZipError.Reason? {
    do {
      _ = try unpack(zip, limits: limits)
      return nil
    } catch {
      return (error as? ZipError)?.reason
    }
  }

  @Test func `is unpacked with its folders, its executables and its links`() throws {
    var writer = ZipWriter([
      .init("bootstrap", "#!/bin/sh\n", mode: 0o100755), .init("lib/", mode: 0o040755),
      .init("lib/deep/data.txt", String(repeating: "abc", count: 50_000), isDeflated: true),
      .init("lib/libx.so.1", "x"), .init("lib/libx.so", "libx.so.1", mode: 0o120777),
      .init("lib/deep/up", "../libx.so", mode: 0o120777), .init("./here", "here"), .init("empty"),
    ])
    writer.comment = Array("made by hand".utf8)
    let folder = try unpack(writer.bytes)
    #expect(folder.names() == ["bootstrap", "empty", "here", "lib"])
    #expect(folder.isExecutable("bootstrap") && !folder.isExecutable("lib/libx.so.1"))
    #expect(folder.text("lib/deep/data.txt")?.utf8.count == 150_000)
    #expect(folder.text("lib/deep/up") == "x")
    #expect(folder.text("empty") == "")
  }

  @Test(arguments: [
    "../evil", "/etc/evil", "a/../../evil", "a/..", "a//b", "a\\..\\evil", "bad\u{0}name", "..", "line\nbreak",
    String(repeating: "n", count: 256), String(repeating: "d/", count: 65) + "f",
  ])
  func `has no path that climbs out or is odd`(name: String) {
    #expect(refusal(ZipWriter([.init(name, "x")]).bytes) == .badPath)
  }

  @Test(arguments: [
    "/etc/passwd", "../outside", "..", "../../x", "missing", "dir/../../x", "dir/../file", "up/file", "", ".",
  ])
  func `has no link that leads out or through another link`(target: String) {
    let entries: [ZipWriter.Entry] = [
      .init("file", "x"), .init("dir/inner/file", "x"), .init("up", "dir/inner", mode: 0o120777),
      .init("link", target, mode: 0o120777),
    ]
    #expect(refusal(ZipWriter(entries).bytes) == .badPath)
  }

  @Test func `writes nothing through a link`() {
    let entries: [ZipWriter.Entry] = [.init("link", "/tmp", mode: 0o120777), .init("link/evil", "x")]
    #expect(refusal(ZipWriter(entries).bytes) == .badPath)
  }

  @Test func `has each path once`() {
    #expect(refusal(ZipWriter([.init("a", "1"), .init("a", "2")]).bytes) == .badPath)
    #expect(refusal(ZipWriter([.init("a", "1"), .init("a/b", "2")]).bytes) == .badPath)
    #expect(refusal(ZipWriter([.init("a/", mode: 0o040755), .init("a/", mode: 0o040755), .init("b")]).bytes) == nil)
  }

  @Test(arguments: [0o010644, 0o020644, 0o060644, 0o140644, 0o040755])
  func `has files, folders and links only`(mode: Int) {
    #expect(refusal(ZipWriter([.init("odd", "x", mode: mode)]).bytes) == .unsupported)
  }

  @Test func `cannot be more than it says`() {
    var entry = ZipWriter.Entry("bomb", String(repeating: "0", count: 1_000_000), isDeflated: true)
    entry.claimedSize = 10
    #expect(refusal(ZipWriter([entry]).bytes) == .corrupt)
    entry.claimedSize = 2_000_000
    #expect(refusal(ZipWriter([entry]).bytes) == .malformed)
    entry.claimedSize = 1_000_001
    #expect(refusal(ZipWriter([entry]).bytes) == .corrupt)
  }

  @Test func `cannot say more than there is room for`() {
    let entries = (0..<300).map {
      ZipWriter.Entry("\($0)", String(repeating: "0", count: 1000), isDeflated: true)
    }
    #expect(refusal(ZipWriter(entries).bytes, limits: .init(bytes: 299_999)) == .tooLarge)
    #expect(refusal(ZipWriter(entries).bytes, limits: .init(bytes: 300_000)) == nil)
    #expect(refusal(ZipWriter(entries).bytes, limits: .init(entries: 299)) == .tooLarge)
    #expect(refusal(ZipWriter(entries).bytes, limits: .init(packedBytes: 100)) == .tooLarge)
    let deep = (0..<20).map { ZipWriter.Entry("\($0)/a/b/c/d/e/f/g", "") }
    #expect(refusal(ZipWriter(deep).bytes, limits: .init(entries: 100)) == .tooLarge)
  }

  @Test func `has entries that share nothing`() {
    var second = ZipWriter.Entry("second", "content")
    second.claimedOffset = 0
    second.localName = "first"
    #expect(refusal(ZipWriter([.init("first", "content"), second]).bytes) == .malformed)
  }

  @Test func `agrees with itself`() {
    var entry = ZipWriter.Entry("a", "content")
    entry.claimedChecksum = 1
    #expect(refusal(ZipWriter([entry]).bytes) == .corrupt)
    entry = ZipWriter.Entry("a", "content")
    entry.localName = "b"
    #expect(refusal(ZipWriter([entry]).bytes) == .malformed)
    entry = ZipWriter.Entry("a", "content")
    entry.claimedSize = 3
    #expect(refusal(ZipWriter([entry]).bytes) == .malformed)
    entry = ZipWriter.Entry("a", "content")
    entry.flags = 1
    #expect(refusal(ZipWriter([entry]).bytes) == .unsupported)
    var writer = ZipWriter([.init("a", "content")])
    writer.claimedCount = 2
    #expect(refusal(writer.bytes) == .malformed)
  }

  @Test func `may have been written to a stream, with sizes behind the entries`() throws {
    let zip = """
      UEsDBBQACAAIAAAAIVAAAAAAAAAAAAAAAAAJAAAAYm9vdHN0cmFwU1bUT8rM0y/O4EpNzshXyEjNyUEhuQBQSwcIJ5EXmhcAAAAhAAAA
      UEsDBBQACAAIAAAAIVAAAAAAAAAAAAAAAAAIAAAAbGliL2EucHmrsDXkqoBiAFBLBwjkxlU/CAAAAAwAAABQSwECFAMUAAgACAAAACFQ
      J5EXmhcAAAAhAAAACQAAAAAAAAAAAAAA7YEAAAAAYm9vdHN0cmFwUEsBAhQDFAAIAAgAAAAhUOTGVT8IAAAADAAAAAgAAAAAAAAAAAAA
      AIABTgAAAGxpYi9hLnB5UEsFBgAAAAACAAIAbQAAAIwAAAAAAA==
      """
    let folder = try unpack(#require(Base64.bytes(zip.filter { $0 != "\n" })))
    #expect(folder.text("bootstrap") == "#!/bin/sh\necho hello hello hello\n" && folder.isExecutable("bootstrap"))
    #expect(folder.text("lib/a.py") == "x=1\nx=1\nx=1\n")
  }

  @Test func `is not empty`() {
    #expect(refusal(ZipWriter([]).bytes) == .empty)
    #expect(refusal([]) == .malformed)
    #expect(refusal(Array("no archive at all, only text".utf8)) == .malformed)
  }

  @Test func `is refused wherever it is cut off`() {
    let whole = ZipWriter([.init("a", "content"), .init("b/c", "0123456789", isDeflated: true)]).bytes
    for count in 0..<whole.count { #expect(refusal(Array(whole.prefix(count))) != nil) }
  }

  @Test func `never does harm, whatever byte is another`() {
    let whole = ZipWriter([
      .init("a", "content"), .init("b/c", "0123456789", isDeflated: true), .init("l", "a", mode: 0o120777),
    ]).bytes
    for index in whole.indices {
      for flip in [UInt8(1), 0x80, 0xFF] {
        var bytes = whole
        bytes[index] ^= flip
        _ = refusal(bytes)
      }
    }
  }
}

@Suite struct `The text form of bytes` {
  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
  func `is written and read`(text: String, encoded: String) {
    #expect(Base64.text(Array(text.utf8)) == encoded)
    #expect(Base64.bytes(encoded) == Array(text.utf8))
  }

  @Test(arguments: ["Z", "Zg", "Zg=", "====", "Zh==", "Zm9v\n", "Zm=v", "Z===", "Zm9-"])
  func `is refused when malformed`(text: String) { #expect(Base64.bytes(text) == nil) }

  @Test func `is how hashes are told`() {
    #expect(StoredCode(Array("abc".utf8)).base64 == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
  }
}
