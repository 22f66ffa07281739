import AdvPOBedrock
import Testing

@Suite("Basic timestamps")
struct BasicTimestampTests {
    @Test("go there and back over all days of ten thousand years")
    func goThereAndBack() {
        var day: Int64 = -62_167_219_200
        var (count, previous) = (0, "")
        while day < 253_402_300_800 {
            let seconds = day + Int64(count * 7_919 % 86_400)
            let text = Timestamp.basic(secondsSince1970: seconds)
            if Timestamp.secondsSince1970(basic: text) != seconds || text <= previous { Issue.record("\(seconds), '\(text)' after '\(previous)'") }
            previous = text
            day += 86_400 * 37
            count += 1
        }
        #expect(count > 90_000 && previous.hasPrefix("9999"))
    }

    @Test("are read in no other form, and only for times that exist")
    func areReadInNoOtherForm() {
        #expect(Timestamp.secondsSince1970(basic: "20150830T123600Z") == 1_440_938_160)
        #expect(Timestamp.secondsSince1970(basic: "20240229T235959Z") == 1_709_251_199)
        let wrong = [
            "", "20230229T000000Z", "20150830T123600", "20150830 123600Z", "20151330T123600Z", "20150800T123600Z", "20150830T240000Z", "20150830T126000Z",
            "20150830T123660Z", "2015083０T12360Z", "20150830T123600Z ", "-0150830T123600Z",
        ]
        for text in wrong { #expect(Timestamp.secondsSince1970(basic: text) == nil, "\(text)") }
    }

    @Test("have HTTP's form beside them")
    func haveHTTPsFormBesideThem() {
        for zone in ["GMT", "-0000", "+0000"] { #expect(Timestamp.secondsSince1970(httpDate: "Sun, 06 Nov 1994 08:49:37 \(zone)") == 784_111_777) }
        for text in ["", "Sun, 06 Nov 1994 08:49:37 +0100", "Sun, 31 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT"] {
            #expect(Timestamp.secondsSince1970(httpDate: text) == nil, "\(text)")
        }
    }
}
