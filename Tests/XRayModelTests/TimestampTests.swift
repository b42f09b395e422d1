import Testing
import XRayModel

private func timestamp(_ text: String) throws -> Timestamp? { try JSONValue(parsing: text).timestamp }

struct TimestampTests {
  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("-0.0e5", 0), ("1", 10_000_000), ("1484786387.131", 14_847_863_871_310_000),
      ("1461096053.37518", 14_610_960_533_751_800), ("1795252384.7170844", 17_952_523_847_170_844),
      ("1.499473411677E9", 14_994_734_116_770_000), ("1.478293361271e+9", 14_782_933_612_710_000),
      ("1499473411677e-3", 14_994_734_116_770_000), ("100", 1_000_000_000), ("1e2", 1_000_000_000),
      ("0.0000001", 1), ("0.00000005", 1), ("0.00000004999999999999", 0), ("1e-400", 0), ("0e400", 0),
      ("1795252384.71708444999999999999999999", 17_952_523_847_170_844),
      ("1795252384.71708445", 17_952_523_847_170_845),
      ("253402300799.9999999", 2_534_023_007_999_999_999),
      ("0000.5", nil), ("0.50000000000000000000000000000000000000", 5_000_000),
    ] as [(String, Int64?)])
  func `times are exact to 100 nanoseconds in every form of number`(text: String, ticks: Int64?) throws {
    #expect((try? timestamp(text))??.ticks == ticks)
  }

  @Test(arguments: [
    "-1", "-0.0000001", "253402300800", "253402300800.0000001", "1e12", "1e400", "9e99999999999999999999",
    // Would overflow if multiplied before it is compared.
    "200000000000000000", "200000000000000000e0", "999999999999999999", "99999999999999999999999999",
    "18446744073709551616",
    "2534023008e2", "0.2e18", "123456789012345678e5",
  ])
  func `times before 1970 and after 9999 are none`(text: String) throws {
    #expect(try timestamp(text) == nil)
  }

  @Test(arguments: ["NaN", "Infinity", "-Infinity"])
  func `what is not finite is no time`(text: String) throws {
    #expect(try JSONValue(parsing: text, allowsNonFinite: true).timestamp == nil)
    #expect(JSONValue.string("1484786387.131").timestamp == nil)
  }

  @Test func `zeros by the thousand change nothing and cost little`() throws {
    let zeros = String(repeating: "0", count: 50_000)
    #expect(try timestamp("1.\(zeros)1")?.ticks == 10_000_000)
    #expect(try timestamp("0.\(zeros)1e50001")?.ticks == 10_000_000)
    #expect(try timestamp("1\(zeros)e-50000")?.ticks == 10_000_000)
    #expect(try timestamp("1\(zeros)") == nil)
  }

  @Test(
    arguments: [
      (0, "0"), (1, "0.0000001"), (14_847_863_871_310_000, "1484786387.131"), (10_000_000, "1"),
      (-1, "-0.0000001"), (-5_000_000, "-0.5"), (-15_000_000, "-1.5"), (Int64.min, "-922337203685.4775808"),
    ] as [(Int64, String)])
  func `times are written with as many decimals as they have`(ticks: Int64, text: String) {
    #expect(Timestamp(ticks: ticks).description == text)
  }

  @Test func `any time within the range reads back as it was written`() throws {
    let random = RandomSource(seed: 7)
    let times = (0..<2000).map { _ in Timestamp(ticks: Int64(random.next() % UInt64(Timestamp.upperBound.ticks))) }
    #expect(try times.filter { try timestamp($0.description) != $0 } == [])
  }

  @Test func `seconds outside the range are held within it`() {
    #expect(Timestamp(seconds: -1.0).ticks == 0)
    #expect(Timestamp(seconds: .nan).ticks == 0)
    #expect(Timestamp(seconds: .infinity) < .upperBound)
    #expect(Timestamp(seconds: 1e300) < .upperBound)
    #expect(Timestamp(seconds: Int64.max).ticks == .max)
    #expect(Timestamp(seconds: Int64.min).ticks == .min)
    #expect(Timestamp(seconds: 1.25).ticks == 12_500_000)
  }

  @Test func `arithmetic stops at the ends of what can be counted`() {
    let time = Timestamp(seconds: 1_700_000_000)
    #expect(time.advanced(by: .seconds(Int64.max)).ticks == .max)
    #expect(Timestamp(ticks: -1).advanced(by: .seconds(Int64.min)).ticks == .min)
    #expect(Timestamp(ticks: .max).advanced(by: .seconds(1)).ticks == .max)
    #expect(Timestamp(ticks: .min).duration(to: Timestamp(ticks: .max)).ticks == .max)
    #expect(Timestamp(ticks: .max).duration(to: Timestamp(ticks: .min)).ticks == .min)
    #expect(Duration(ticks: .min).ticks == .min && Duration(ticks: .max).ticks == .max)
    #expect(time.advanced(by: .milliseconds(1500)).duration(to: time) == .milliseconds(-1500))
    #expect(Duration.milliseconds(1500).inSeconds == 1.5)
  }

  @Test func `rounding goes down to a multiple of the step, also before 1970`() {
    #expect(Timestamp(ticks: 12_345_678).rounded(toTicks: 10_000).ticks == 12_340_000)
    #expect(Timestamp(ticks: -1).rounded(toTicks: 10_000).ticks == -10_000)
    #expect(Timestamp(ticks: -1).wholeSeconds == -1)
    #expect(Timestamp(ticks: 19_999_999).wholeSeconds == 1)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
      (1_795_252_384, "2026-11-21T09:13:04.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
      (253_402_300_799, "9999-12-31T23:59:59.000Z"), (-1, "1969-12-31T23:59:59.000Z"),
    ] as [(Int64, String)])
  func `ISO 8601 is in UTC with milliseconds`(seconds: Int64, text: String) {
    #expect(Timestamp(seconds: seconds).iso8601 == text)
    #expect(Timestamp(ticks: 14_847_863_871_319_999).iso8601 == "2017-01-19T00:39:47.131Z")
  }
}
