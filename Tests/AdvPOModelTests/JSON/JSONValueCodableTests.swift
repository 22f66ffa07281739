import AdvPOModel
import Foundation
import Testing

@Suite struct JSONValueCodableTests {
    private struct Holder: Codable, Equatable {
        var value: JSONValue
    }

    @Test("a value inside a Codable structure keeps its order of keys and spelling of numbers") func losslessCoding() throws {
        let value = try JSONValue(parsing: #"{"z":1.0,"a":[1e5,"{x}",null],"m":{"b":true}}"#)
        let data = try JSONEncoder().encode(Holder(value: value))
        let back = try JSONDecoder().decode(Holder.self, from: data)
        #expect(back.value.text == value.text)
    }

    @Test("a text that is no JSON is refused") func invalidCoding() {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Holder.self, from: Data(#"{"value":"[1,"}"#.utf8)) }
    }
}
