import Foundation
import Testing
import XRayModel

@testable import XRayDaemon

/// A folder of its own for each test, removed with it.
final class TestFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path()
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var batches: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".batch") }.sorted()
        .map { "\(path)/\($0)" }
    }
  }
}

@Suite struct `The spool` {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func open(limit: Int = 1 << 20) throws -> Spool {
    try Spool(SpoolConfiguration(directory: folder.path, limit: limit))
  }

  private func batch(_ texts: String...) -> DocumentBatch { DocumentBatch(texts.map { Array($0.utf8) }) }

  private func texts(_ batch: DocumentBatch?) -> [String] {
    guard let batch else { return [] }
    return (0..<batch.count).map { String(decoding: batch[$0], as: UTF8.self) }
  }

  @Test func `gives batches back oldest first, until they are removed`() throws {
    let spool = try open()
    try spool.append(batch("a", "b"))
    try spool.append(batch("c"))
    let first = try #require(spool.oldest())
    #expect(texts(first.batch) == ["a", "b"] && first.damaged == 0)
    #expect(spool.oldest()?.number == first.number)
    spool.remove(first)
    let second = try #require(spool.oldest())
    #expect(texts(second.batch) == ["c"] && spool.documents == 1)
    spool.remove(second)
    #expect(spool.oldest() == nil && spool.bytes == 0)
    #expect(try folder.batches.isEmpty)
  }

  @Test func `still has everything when it is opened again`() throws {
    do {
      let spool = try open()
      for number in 0..<12 { try spool.append(batch("\(number)", "")) }
    }
    let spool = try open()
    #expect(spool.documents == 24)
    var found: [String] = []
    while let next = spool.oldest() {
      found += texts(next.batch)
      spool.remove(next)
    }
    #expect(found == (0..<12).flatMap { ["\($0)", ""] })
    try spool.append(batch("next"))
    #expect(texts(spool.oldest()?.batch) == ["next"])
  }

  @Test func `takes no more than its bound, and takes again when there is room`() throws {
    let spool = try open(limit: 200)
    try spool.append(batch(String(repeating: "x", count: 100)))
    let error = #expect(throws: SpoolError.self) { try spool.append(batch(String(repeating: "y", count: 100))) }
    #expect(error?.reason == .full)
    spool.remove(try #require(spool.oldest()))
    try spool.append(batch(String(repeating: "y", count: 100)))
    #expect(spool.documents == 1)
  }

  @Test func `is one daemon's at a time`() throws {
    let spool = try open()
    let error = #expect(throws: SpoolError.self) { _ = try open() }
    #expect(error?.reason == .inUse)
    _ = spool.documents
  }

  @Test func `says why a folder cannot be used`() {
    let error = #expect(throws: SpoolError.self) { _ = try Spool(SpoolConfiguration(directory: "/proc/no/such")) }
    #expect(error?.reason == .cannotOpen && error?.detail?.isEmpty == false)
  }

  @Test func `delivers what a damaged file still has and counts the rest, wherever it is cut or changed`() throws {
    let documents = ["first document", "second, a little longer", "third"]
    try open().append(DocumentBatch(documents.map { Array($0.utf8) }))
    let file = try #require(folder.batches.first)
    let whole = try Data(contentsOf: URL(filePath: file))
    for cut in 0..<whole.count {
      try whole.prefix(cut).write(to: URL(filePath: file))
      let spool = try open()
      let found = try #require(spool.oldest())
      #expect(texts(found.batch) == Array(documents.prefix(found.batch.count)))
      // Without its head not even the number of documents is known, but that something is lost.
      #expect(found.damaged == (cut < SpooledBatch.headSize ? 1 : 3 - found.batch.count))
      #expect(spool.documents == found.batch.count + found.damaged)
    }
    for place in 0..<whole.count {
      var changed = whole
      changed[place] ^= 0x10
      try changed.write(to: URL(filePath: file))
      let found = try #require(try open().oldest())
      #expect(texts(found.batch).allSatisfy(documents.contains))
      #expect(found.damaged > 0)
    }
  }
}
