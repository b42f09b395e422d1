import Testing
import XRaySampler

#if canImport(Glibc)
  import Glibc
#endif

/// Rules files of the official SDKs and the developer guide, read where they lie.
@Suite struct RecordedRulesTests {
  static let folder = getenv("FLUORO_CORPUS").map { String(cString: $0) + "/sampling-local/" }

  @Test(
    .enabled(if: folder != nil, "set FLUORO_CORPUS to the folder with the recorded files to run this"),
    arguments: [
      ("devguide-scorekeep-v1.json", 4), ("dotnet-v1.json", 2), ("go-default.json", 0), ("go-example.json", 1),
      ("go-v1.json", 1), ("java-nosample.json", 1), ("java-three.json", 2), ("java-two.json", 1),
      ("node-custom.json", 3), ("python-default.json", 0),
    ])
  func `reads what the SDKs ship and document`(file: String, ruleCount: Int) throws {
    let rules = try SamplingRules(contentsOfFile: (Self.folder ?? "") + file)
    #expect(rules.rules.count == ruleCount)
  }

  @Test(
    .enabled(if: folder != nil, "set FLUORO_CORPUS to the folder with the recorded files to run this"),
    arguments: [
      ("dotnet-invalid-v1.json", "rules[0].host"), ("dotnet-no-default.json", "version"),
      ("go-v1-invalid.json", ""), ("go-v2-contains-service-name.json", "rules[0].service_name"),
    ])
  func `refuses what the SDKs refuse, and says where`(file: String, member: String) {
    let error = #expect(throws: SamplingRulesError.self) {
      try SamplingRules(contentsOfFile: (Self.folder ?? "") + file)
    }
    #expect(error?.member == member)
  }
}
