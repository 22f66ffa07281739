extension Timestamp {
    /// `20260514T093000Z`: the form of time in a SigV4 signature, for the years 0000 to 9999.
    package static func basic(secondsSince1970: Int64) -> String {
        let extended = iso8601(millisecondsSince1970: secondsSince1970 * 1_000)
        return extended.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }

    /// The second that `20260514T093000Z` names; nil for any other form and for days and times that do not exist.
    package static func secondsSince1970(basic text: some StringProtocol) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = number(bytes[0..<4]), let month = number(bytes[4..<6]), let day = number(bytes[6..<8]),
            let hour = number(bytes[9..<11]), let minute = number(bytes[11..<13]), let second = number(bytes[13..<15])
        else { return nil }
        return seconds(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    /// The second that an HTTP `Date` header names in RFC 9110's fixed form, `Sun, 06 Nov 1994 08:49:37 GMT`; nil for any other.
    ///
    /// The name of the weekday is not compared. Python's `email.utils` writes `-0000` for `GMT`, and botocore signs with that.
    package static func secondsSince1970(httpDate text: some StringProtocol) -> Int64? {
        let bytes = Array(text.utf8)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let blanks = [4, 7, 11, 16, 25]
        let zones = ["GMT", "-0000", "+0000"]
        guard bytes.count >= 29, bytes[3] == UInt8(ascii: ","), bytes[19] == UInt8(ascii: ":"), bytes[22] == UInt8(ascii: ":"),
            blanks.allSatisfy({ bytes[$0] == UInt8(ascii: " ") }), zones.contains(where: { bytes[26...].elementsEqual($0.utf8) }),
            let month = months.firstIndex(where: { bytes[8..<11].elementsEqual($0.utf8) }),
            let day = number(bytes[5..<7]), let year = number(bytes[12..<16]),
            let hour = number(bytes[17..<19]), let minute = number(bytes[20..<22]), let second = number(bytes[23..<25])
        else { return nil }
        return seconds(year: year, month: Int64(month) + 1, day: day, hour: hour, minute: minute, second: second)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    /// Hinnant's `days_from_civil`, the inverse of what `iso8601` does; a leap second counts as none that exists.
    private static func seconds(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), day >= 1, day <= lengths[Int(month) - 1], hour < 24, minute < 60, second < 60 else { return nil }
        // January and February belong to the year before, so that a leap day is a year's last.
        let shiftedYear = year - (month <= 2 ? 1 : 0)
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return days * 86_400 + hour * 3_600 + minute * 60 + second
    }
}
