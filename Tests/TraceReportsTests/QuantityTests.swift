import Testing
import XRayModel

@testable import TraceReports

@Suite struct `Quantities` {
  @Test(arguments: [
    (0, "0 ms"), (0.000_000_1, "1 µs"), (0.000_38, "380 µs"), (0.000_999_6, "1.0 ms"), (0.0045, "4.5 ms"),
    (0.00996, "10 ms"), (0.045, "45 ms"), (0.9994, "999 ms"), (0.9996, "1.00 s"), (1.234, "1.23 s"), (12.34, "12.3 s"),
    (59.97, "1 min 00 s"), (125, "2 min 05 s"), (3720, "1 h 02 min"), (180_000, "2 d 2 h"), (-1, "0 ms"),
    (.nan, "0 ms"), (1e300, "11574074074 d 1 h"),
  ])
  func `of time have about three digits`(seconds: Double, text: String) {
    #expect(Quantity.duration(seconds) == text)
  }

  @Test(arguments: [
    (0, "0 %"), (0.0004, "<0.1 %"), (0.063, "6.3 %"), (0.13, "13 %"), (0.9999, "99 %"), (1, "100 %"),
  ])
  func `of shares are whole only when they are`(fraction: Double, text: String) {
    #expect(Quantity.share(fraction) == text)
  }

  @Test func `of rates promise no more than was seen`() {
    #expect(Quantity.rate(1, over: 2) == "1 call")
    #expect(Quantity.rate(1200, over: 59) == "1,200 calls")
    #expect(Quantity.rate(3, over: 600) == "0.3/min")
    #expect(Quantity.rate(120, over: 600) == "12/min")
    #expect(Quantity.rate(120_000, over: 60) == "2,000/s")
    #expect(Quantity.rate(1, over: 1e6) == "<0.1/min")
  }

  @Test func `of axes have no needless zeros`() {
    #expect(
      [0, 0.0005, 0.001, 0.0015, 1, 50, 60, 90].map(Quantity.tick)
        == ["0", "500 µs", "1 ms", "1.5 ms", "1 s", "50 s", "1 min", "1 min 30 s"])
  }

  @Test func `of coordinates are short`() {
    #expect([0, -0.001, 1.5, 12.345, -3].map { Quantity.coordinate($0) } == ["0", "0", "1.5", "12.35", "-3"])
    #expect(Quantity.count(-1_234_567) == "−1,234,567")
  }
}
