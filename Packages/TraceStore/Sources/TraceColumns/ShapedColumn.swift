/// Places in a list. Most of what is a service's follows from a row's shape: then it is kept once for each shape.
struct ShapedColumn: Sendable {
  /// Shapes of rows, where the values are those of shapes.
  private let shapes: NumberColumn?
  private let values: NumberColumn

  static func append(_ values: [Int], to encoder: inout SegmentEncoder) {
    let byShape = encoder.byShape(values)
    encoder.body.append(byShape == nil ? 0 : 1)
    NumberColumn.append(byShape ?? values, to: &encoder.body)
  }

  init(_ decoder: inout SegmentDecoder, below limit: Int) throws(ColumnError) {
    let isShaped = try decoder.reader.count(limit: 1) == 1
    shapes = isShaped ? decoder.graph.places : nil
    let count = isShaped ? decoder.graph.shapes.count : decoder.graph.places.count
    values = try NumberColumn(&decoder.reader, count: count, below: limit)
  }

  func place(_ row: Int) -> Int { values.place(shapes?.place(row) ?? row) }

  /// Looks up what holds for each row's place.
  func verdicts(_ verdicts: [Verdict]) -> Verdicts {
    guard let shapes else { return Verdicts(values, verdicts) }
    return Verdicts(shapes, values.values.map { verdicts[Int($0)] })
  }
}
