import ArgumentParser
import SQLiteStore
import TraceReports
import XRayModel

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Read everything back and tell whether it is whole.",
    discussion: """
      Every block and every trace is read and compared with its checksums;
      nothing is changed. Exit code 1 tells that something is damaged.

      EXAMPLE:
        fluoro check --data shop && cp -r shop backup
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: JSONOption

  func run() async throws {
    let store = try store.openForReading()
    let check = try await store.check()
    try await store.close()
    try Output().writeLine(output.json ? check.json : check.text)
    guard check.isIntact else { throw Failure.failed("\(self.store.data) is damaged") }
  }
}

extension StoreCheck {
  fileprivate var text: String {
    let read = """
      documents  \(Quantity.count(documents))
      traces     \(Quantity.count(traces))
      """
    guard !isIntact else { return read + "\nall of it whole" }
    return ([read] + damage.map { "damage     \($0)" } + damagedTraces.map { "lost       trace \($0)" })
      .joined(separator: "\n")
  }

  fileprivate var json: String {
    var writer = JSONWriter(pretty: true)
    writer.object { writer in
      writer.member("is_intact", isIntact)
      writer.member("documents", documents)
      writer.member("traces", traces)
      writer.key("damage")
      writer.array { writer in for error in damage { writer.string("\(error)") } }
      writer.key("damaged_traces")
      writer.array { writer in for id in damagedTraces { writer.string("\(id)") } }
    }
    return writer.text
  }
}
