/// What columns tell of each row: it matches, it does not, or its documents decide.
struct Verdicts {
  var sure: Bitmap
  /// The rows that match or may match.
  var possible: Bitmap

  init(_ rows: Bitmap) {
    sure = rows
    possible = rows
  }

  init(count: Int, all holds: Bool) { self.init(Bitmap(count: count, isFull: holds)) }

  /// Looks up what holds for each row's code.
  init(_ codes: NumberColumn, _ verdicts: [Verdict]) {
    var sure = Bitmap(count: codes.count)
    sure.insert(codes) { verdicts[Int($0)] == .yes }
    self.init(sure)
    if verdicts.contains(.unknown) {
      possible.insert(codes) { verdicts[Int($0)] == .unknown }
    }
  }

  mutating func formIntersection(_ other: Verdicts) {
    sure.formIntersection(other.sure)
    possible.formIntersection(other.possible)
  }

  mutating func formUnion(_ other: Verdicts) {
    sure.formUnion(other.sure)
    possible.formUnion(other.possible)
  }

  mutating func invert() {
    swap(&sure, &possible)
    sure.invert()
    possible.invert()
  }
}

enum Verdict: UInt8 {
  case no, unknown, yes

  init(_ holds: Bool?) { self = holds.map { $0 ? .yes : .no } ?? .unknown }

  /// Of a list: one element that matches is enough.
  static func any(_ verdicts: some Sequence<Verdict>) -> Verdict {
    verdicts.max { $0.rawValue < $1.rawValue } ?? .no
  }
}
