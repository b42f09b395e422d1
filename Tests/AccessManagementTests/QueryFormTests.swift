import QueryProtocol
import Testing

@Suite struct `A form of the query protocol` {
  func form(_ body: String) throws -> QueryForm { try QueryForm(parsing: Array(body.utf8)) }

  @Test func `has lists of texts and of fields`() throws {
    let form = try form("Keys.member.1=a&Keys.member.2=&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.3.Key=z")
    #expect(form.elements(of: "Keys").map(\.text) == ["a", ""])
    #expect(form.elements(of: "Tags").map { $0["Key"] } == ["k"], "what is behind a gap is left out")
    #expect(form.elements(of: "Tags").first?.path(to: "Value") == "Tags.member.1.Value")
    #expect(form.elements(of: "Tag").isEmpty)
    #expect(form.text == nil)
  }

  @Test func `has lists in lists, flattened ones, and maps`() throws {
    let form = try form(
      "Batch.member.1.Attributes.entry.1.Name=n&Batch.member.1.Attributes.entry.1.Value.DataType=String"
        + "&Name.1=x&Name.2=y&Map.entry.1.key=a&Map.entry.1.value=1&Map.entry.2.key=b")
    let entry = form.elements(of: "Batch").first?.elements(of: "Attributes", as: .entries).first
    #expect(entry?["Value.DataType"] == "String")
    #expect(form.elements(of: "Name", as: .flattened).map(\.text) == ["x", "y"])
    #expect(try form.map("Map") == ["a": "1", "b": ""])
  }

  @Test(arguments: ["Map.entry.1.value=1", "Map.entry.1.key=a&Map.entry.2.key=a"])
  func `refuses maps without a key or with one twice`(body: String) throws {
    let form = try form(body)
    #expect(throws: QueryFormError.self) { try form.map("Map") }
  }

  @Test(arguments: ["L.member.01=x", "L.member.-1=x", "L.member.=x", "L.member.99999999999999999999=x", "L.member.2=x"])
  func `takes no odd numbers for elements`(body: String) throws {
    #expect(try form(body).elements(of: "L").isEmpty)
  }
}
