using System.Globalization;

namespace Pipeline.Host.Recordings;

/// <summary>How a column of a text file writes times.</summary>
internal enum CsvTimeForm
{
    /// <summary>Numbers in a unit.</summary>
    Number,

    /// <summary>Dates with a time of day.</summary>
    Date,

    /// <summary>Times of day, or minutes and seconds, without a date: after the last one comes the first.</summary>
    Clock,
}

/// <summary>
/// Reads the cells of one time column, row by row: numbers as they are, dates as seconds since the first row, times of day as seconds that
/// go on over midnight.
/// </summary>
internal sealed class CsvTimes(CsvTimeForm form, CsvNumbers numbers)
{
    private const double SecondsPerDay = 86_400, SecondsPerHour = 3600;

    private static readonly string[] DayFirst =
    [
        "d.M.yyyy H:m:s.FFFFFFF", "d.M.yyyy H:m:s", "d.M.yy H:m:s.FFFFFFF", "H:m:s.FFFFFFF d/M/yyyy", "H:m:s.FFFFFFF d.M.yyyy",
    ];

    private DateTimeOffset? _first;
    private double _last = double.NegativeInfinity;
    private double _days;   // seconds of the clock's rounds so far

    /// <summary>Which form a cell has; null when it is no time.</summary>
    public static CsvTimeForm? FormOf(string cell, CsvNumbers numbers) =>
        numbers.IsNumberOrEmpty(cell) ? CsvTimeForm.Number
        : TryClock(cell, out _, out _) ? CsvTimeForm.Clock
        : TryDate(cell, out _) ? CsvTimeForm.Date
        : null;

    /// <summary>The next row's time; NaN where the cell is empty. False where it is no time.</summary>
    public bool TryRead(string cell, out double time)
    {
        if (form == CsvTimeForm.Number)
            return numbers.TryRead(cell, out time);
        time = double.NaN;
        if (string.IsNullOrWhiteSpace(cell))
            return true;
        if (form == CsvTimeForm.Date)
        {
            if (!TryDate(cell, out var date))
                return false;
            _first ??= date;
            time = (date - _first.Value).TotalSeconds;
            return true;
        }
        if (!TryClock(cell, out time, out var round))
            return false;
        // A clock that goes back by more than half its round has begun a new one.
        if (time + _days < _last - round / 2)
            _days += round;
        time += _days;
        _last = time;
        return true;
    }

    /// <summary>Seconds per unit of a column whose header names none, by the rate that a signal can have, and the unit's name.</summary>
    /// <param name="first">The first time.</param>
    /// <param name="step">The typical step between rows.</param>
    public static (double Seconds, string Name) GuessUnit(double first, double step)
    {
        (double Seconds, string Name)[] units = [(1, "seconds"), (1e-3, "milliseconds"), (1e-6, "microseconds"), (1e-9, "nanoseconds")];
        // Times since 1970 (or 2000, in nanoseconds) tell their unit by their size.
        var bySize = first switch
        {
            >= 1e9 and < 2.5e9 => 0,
            >= 1e12 and < 2.5e12 => 1,
            >= 1e15 and < 2.5e15 => 2,
            >= 2e17 and < 2.5e18 => 3,
            _ => -1,
        };
        if (bySize >= 0 && IsRate(units[bySize].Seconds * step))
            return units[bySize];
        foreach (var unit in units)
            if (IsRate(unit.Seconds * step))
                return unit;
        return step < 1 ? units[0] : step < 1000 ? units[1] : units[2];
    }

    private static bool IsRate(double secondsPerRow) => secondsPerRow is > 0.99e-4 and < 0.101;   // 10 Hz to 10 kHz

    private static bool TryDate(string text, out DateTimeOffset date)
    {
        const DateTimeStyles styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal | DateTimeStyles.AllowWhiteSpaces;
        var cell = Bare(text);
        date = default;
        return cell.Contains(':') && (DateTimeOffset.TryParseExact(cell, DayFirst, CultureInfo.InvariantCulture, styles, out date)
            || DateTimeOffset.TryParse(cell, CultureInfo.InvariantCulture, styles, out date));
    }

    /// <summary>
    /// Reads <c>h:mm:ss.fff</c> (with AM or PM, perhaps) or <c>mm:ss.fff</c>; round: after how many seconds it begins again.
    /// </summary>
    private static bool TryClock(string text, out double seconds, out double round)
    {
        (seconds, round) = (double.NaN, SecondsPerDay);
        var cell = Bare(text);
        var isAfternoon = cell.EndsWith("PM", StringComparison.OrdinalIgnoreCase);
        var hasHalves = isAfternoon || cell.EndsWith("AM", StringComparison.OrdinalIgnoreCase);
        var parts = (hasHalves ? cell[..^2].TrimEnd() : cell).Split(':');
        if (parts.Length is not (2 or 3))
            return false;
        double sum = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            var isLast = i == parts.Length - 1;
            var styles = isLast ? NumberStyles.AllowDecimalPoint : NumberStyles.None;
            if (!double.TryParse(parts[i], styles, CultureInfo.InvariantCulture, out var part) || (i > 0 && part >= 60.5))
                return false;
            sum = 60 * sum + (hasHalves && i == 0 ? part % 12 + (isAfternoon ? 12 : 0) : part);
        }
        (seconds, round) = (sum, parts.Length == 3 ? SecondsPerDay : SecondsPerHour);
        return true;
    }

    /// <summary>Without brackets and quotation marks, and with a decimal point in the seconds.</summary>
    private static string Bare(string text)
    {
        var cell = text.Trim().Trim('[', ']', '\'', '"').Trim();
        var comma = cell.LastIndexOf(',');
        return comma > 0 && comma > cell.LastIndexOf(':') && comma + 1 < cell.Length && char.IsAsciiDigit(cell[comma + 1])
            ? string.Concat(cell.AsSpan(0, comma), ".", cell.AsSpan(comma + 1)) : cell;
    }
}
