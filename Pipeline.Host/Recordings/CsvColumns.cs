using System.Globalization;

namespace Pipeline.Host.Recordings;

/// <summary>
/// The columns of a CSV recording, told from its first line: labels with units (<c>ecg_mV</c>, <c>ecg [mV]</c>, <c>ecg (mV)</c>), one of
/// them perhaps the time; a first line of numbers alone is no header, and the columns are <c>column1</c>, <c>column2</c>, …
/// </summary>
internal sealed record CsvColumns(bool HasHeader, IReadOnlyList<(string Label, string Unit)> All, int TimeColumn, double SecondsPerTimeUnit)
{
    // What may follow the last underscore of a label as its unit; ACC_X and PPG_ir are labels, not units.
    private static readonly HashSet<string> UnitSuffixes = new(StringComparer.OrdinalIgnoreCase)
    {
        "mV", "uV", "µV", "nV", "mmHg", "kPa", "cmH2O", "mg", "m/s2", "m/s^2", "mps2", "ms2", "dps", "deg/s", "rad/s", "adu", "au", "nu", "bpm", "s", "sec", "ms", "us", "µs", "ns",
    };

    private static readonly HashSet<string> TimeLabels = new(StringComparer.OrdinalIgnoreCase)
    {
        "time", "t", "timer", "timestamp", "datetime", "seconds", "elapsed", "elapsed time",
    };

    /// <summary>Columns of a first line; <c>SecondsPerTimeUnit</c> is NaN where the time column names no unit, and for a date and time.</summary>
    public static CsvColumns Of(IReadOnlyList<string> firstLine)
    {
        if (firstLine.All(IsNumberOrEmpty))
            return new(false, [.. firstLine.Select((_, i) => ($"column{i + 1}", ""))], -1, double.NaN);
        var all = firstLine.Select((cell, i) => Split(cell.Trim(), i)).ToList();
        var time = all.FindIndex(column => TimeLabels.Contains(column.Label));
        return new(true, all, time, time < 0 ? double.NaN : SecondsPer(all[time].Unit));
    }

    /// <summary>Whether a cell is a number, or one of the ways to write a missing one.</summary>
    public static bool IsNumberOrEmpty(string cell) => TryNumber(cell, out _);

    /// <summary>Reads a cell; an empty one, and <c>nan</c>, <c>na</c>, <c>null</c>, <c>-</c> in any case, is NaN.</summary>
    public static bool TryNumber(ReadOnlySpan<char> cell, out double value)
    {
        cell = cell.Trim();
        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
        {
            if (!double.IsFinite(value))
                value = double.NaN;
            return true;
        }
        value = double.NaN;
        return cell.Length == 0 || cell is "-" || cell.Equals("na", StringComparison.OrdinalIgnoreCase)
            || cell.Equals("null", StringComparison.OrdinalIgnoreCase);
    }

    private static (string Label, string Unit) Split(string cell, int index)
    {
        var close = cell.Length > 0 && cell[^1] is ']' or ')' ? cell[^1] : '\0';
        var open = close == ']' ? cell.LastIndexOf('[') : close == ')' ? cell.LastIndexOf('(') : -1;
        if (open > 0)
            return (cell[..open].Trim(), cell[(open + 1)..^1].Trim());
        var underscore = cell.LastIndexOf('_');
        if (underscore > 0 && IsUnit(cell[(underscore + 1)..], cell[..underscore]))
            return (cell[..underscore], cell[(underscore + 1)..]);
        return (cell.Length == 0 ? $"column{index + 1}" : cell, "");
    }

    // One letter is a unit only where it can be no axis or site: volts of an ECG, g of an accelerometer.
    private static bool IsUnit(string suffix, string label) => UnitSuffixes.Contains(suffix)
        || (suffix == "V" && label.StartsWith("ecg", StringComparison.OrdinalIgnoreCase))
        || (suffix == "g" && label.StartsWith("acc", StringComparison.OrdinalIgnoreCase));

    private static double SecondsPer(string unit) => unit.ToUpperInvariant() switch
    {
        "S" or "SEC" or "SECONDS" => 1,
        "MS" => 1e-3,
        "US" or "µS" or "ΜS" => 1e-6,
        "NS" => 1e-9,
        "MIN" => 60,
        _ => double.NaN,
    };
}
