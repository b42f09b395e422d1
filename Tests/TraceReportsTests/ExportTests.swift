import Testing
import Traces
import XRayModel

@testable import TraceReports

@Suite struct `The export in X-Ray's form` {
  @Test func `holds the traces by start with each segment as a document`() throws {
    let sample = Sample()
    let (late, early) = (sample.synchronous(at: 5000), sample.asynchronous())
    let json = try JSONValue(parsing: BatchGetTracesExport.json([late, early]))
    #expect(json["Traces"]?.array?.map { $0["Id"]?.string } == [early.id.description, late.id.description])
    #expect(json["UnprocessedTraceIds"]?.array == [])
    let first = try #require(json["Traces"]?[0])
    #expect(first["Duration"]?.number?.double == 1)
    #expect(first["LimitExceeded"]?.bool == false)
    let segments = try #require(first["Segments"]?.array)
    #expect(segments.count == 3)
    for (segment, entity) in zip(segments, early.segments) {
      let document = Array(try #require(segment["Document"]?.string).utf8)
      #expect(segment["Id"]?.string == entity.id.description)
      #expect(try Entity(document: document.span) == entity)
    }
  }

  @Test func `is valid JSON for hostile text`() throws {
    let json = try JSONValue(parsing: BatchGetTracesExport.json([Sample().hostile()]))
    let document = try JSONValue(parsing: json["Traces"]?[0]?["Segments"]?[0]?["Document"]?.string ?? "")
    #expect(document["name"]?.string == hostileText)
  }
}

@Suite struct `The service graph as JSON` {
  @Test func `has the members of X-Ray's answers`() throws {
    var writer = JSONWriter()
    ServiceGraph(of: [Sample().synchronous(), Sample(seed: 2).asynchronous(at: 9000)]).write(to: &writer)
    let json = try JSONValue(parsing: writer.text)
    let services = try #require(json["Services"]?.array)
    #expect(services.map { $0["ReferenceId"]?.number?.integer } == Array(0..<services.count))
    let client = try #require(services.first { $0["Type"]?.string == "client" })
    #expect(client["SummaryStatistics"] == nil && client["State"]?.string == "unknown")
    let target = try #require(client["Edges"]?[0]?["ReferenceId"]?.number?.integer)
    #expect(services[target]["Root"]?.bool == true)
    let function = try #require(
      services.first { $0["Name"]?.string == "resize" && $0["Type"]?.string == "AWS::Lambda::Function" })
    #expect(function["SummaryStatistics"]?["FaultStatistics"]?["TotalCount"]?.number?.integer == 1)
    #expect(function["SummaryStatistics"]?["TotalCount"]?.number?.integer == 2)
    #expect(function["Names"] == ["resize"])
    #expect(function["ResponseTimeHistogram"]?[0]?["Value"]?.number?.double == 0.085)
  }
}

@Suite struct `A trace summary as JSON` {
  @Test func `has the members of X-Ray's answers`() throws {
    var writer = JSONWriter()
    TraceSummary(of: Sample().synchronous()).write(to: &writer)
    let json = try JSONValue(parsing: writer.text)
    #expect(json["Duration"]?.number?.double == 0.7)
    #expect(json["HasFault"]?.bool == false)
    #expect(json["Http"]?["HttpURL"]?.string == "https://shop.example.com/checkout")
    #expect(json["Http"]?["HttpStatus"]?.number?.integer == 200)
    #expect(json["EntryPoint"]?["Name"]?.string == "shop")
    #expect(json["Annotations"]?["tier"]?[0]?["AnnotationValue"]?["StringValue"]?.string == "gold")
    #expect(json["Annotations"]?["items"]?[0]?["AnnotationValue"]?["NumberValue"]?.number?.integer == 3)
    #expect(json["Annotations"]?["items"]?[0]?["ServiceIds"]?[0]?["Type"]?.string == "AWS::Lambda::Function")
    #expect(json["Revision"]?.number?.integer == 3)
  }

  @Test func `groups the values of one annotation under its key`() throws {
    let sample = Sample()
    var segment = sample.segment("s", 0, 10)
    for value in ["a", "b"] {
      var subsegment = sample.subsegment(value, 1, 2)
      subsegment.annotate("key", .string(value))
      segment.subsegments.append(subsegment)
    }
    var writer = JSONWriter()
    TraceSummary(of: Trace(id: sample.traceID(), compiling: [segment])).write(to: &writer)
    let json = try JSONValue(parsing: writer.text)
    #expect(json["Annotations"]?.object?.members.count == 1)
    #expect(json["Annotations"]?["key"]?.array?.count == 2)
  }
}

@Suite struct `The table of summaries` {
  /// Reads RFC 4180: rows of cells.
  private func rows(_ csv: String) -> [[String]] {
    var (rows, row, cell, isQuoted) = ([[String]](), [String](), "", false)
    var scalars = Array(csv.unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      switch scalar {
      case "\"" where isQuoted && scalars.first == "\"":
        scalars.removeFirst()
        cell.unicodeScalars.append("\"")
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        row.append(cell)
        cell = ""
      case "\r" where !isQuoted: break
      case "\n" where !isQuoted:
        rows.append(row + [cell])
        (row, cell) = ([], "")
      default: cell.unicodeScalars.append(scalar)
      }
    }
    return rows
  }

  @Test func `has a header and a line for each trace`() {
    let csv = SummaryCSV.csv([Sample().synchronous(), Sample(seed: 2).asynchronous()].map { TraceSummary(of: $0) })
    let rows = rows(csv)
    #expect(csv.hasSuffix("\r\n"))
    #expect(rows.count == 3)
    #expect(rows.allSatisfy { $0.count == SummaryCSV.columns.count })
    #expect(rows[1][1...3] == ["2023-11-14T22:13:20.000Z", "0.7", "0.7"])
    #expect(rows[1][8...10] == ["POST", "https://shop.example.com/checkout", "200"])
    #expect(rows[1].last == "items=3; tier=gold")
  }

  @Test func `quotes what needs it and disarms formulas`() {
    let sample = Sample()
    var segment = sample.segment("a", 0, 1)
    segment.http = HTTPBlock(request: .init(method: "=1+1", url: "say \"hi\", twice\nplease"))
    segment.user = "-2+3"
    let csv = SummaryCSV.csv([TraceSummary(of: Trace(id: sample.traceID(), compiling: [segment]))])
    #expect(csv.contains(#","say ""hi"", twice"#))
    let row = rows(csv)[1]
    #expect(row[8] == "'=1+1")
    #expect(row[9] == "say \"hi\", twice\nplease")
    #expect(row[16] == "'-2+3")
  }
}

@Suite struct `Documents by line` {
  @Test func `are byte for byte what was sent, one a line`() {
    let batch = DocumentBatch([Array(#"{"a":1.50}"#.utf8), Array("{\n\"b\": \"é\\n\"}".utf8)])
    #expect(String(decoding: DocumentLines.bytes(batch), as: UTF8.self) == "{\"a\":1.50}\n{ \"b\": \"é\\n\"}\n")
    #expect(DocumentLines.bytes(DocumentBatch()).isEmpty)
  }
}
