using System.Text.RegularExpressions;

namespace Pipeline.Host.Recordings;

/// <summary>What a column of a text file is to its recording.</summary>
internal enum CsvRole
{
    /// <summary>Samples.</summary>
    Signal,

    /// <summary>The time of each row.</summary>
    Time,

    /// <summary>Nothing: its cells are not read.</summary>
    PassedOver,
}

/// <summary>A column: its label and unit, and what it is.</summary>
internal sealed record CsvColumn(string Label, string Unit, CsvRole Role = CsvRole.Signal)
{
    /// <summary>Stored numbers per unit.</summary>
    public double Gain { get; init; } = 1;

    /// <summary>Whether its first rows are empty: words in later ones are marks, and are missing samples.</summary>
    public bool IsEmptyAtFirst { get; init; }
}

/// <summary>Tells labels, units and what looks like a time or a row's number from the texts of a header.</summary>
internal static partial class CsvColumns
{
    // What may follow the last underscore of a label as its unit; ACC_X and PPG_ir are labels, not units.
    private static readonly HashSet<string> UnitSuffixes = new(StringComparer.OrdinalIgnoreCase)
    {
        "mV", "uV", "µV", "nV", "mmHg", "kPa", "cmH2O", "mg", "m/s2", "m/s^2", "mps2", "ms2", "dps", "deg/s", "rad/s", "adu", "au", "nu",
        "bpm",
        "s", "sec", "secs", "second", "seconds", "ms", "msec", "milliseconds", "us", "µs", "usec", "ns", "nsec",
    };

    // What a row of units holds besides.
    private static readonly HashSet<string> OtherUnits = new(StringComparer.OrdinalIgnoreCase)
    {
        "V", "g", "%", "Hz", "min", "ml", "l", "l/min", "l/s", "°C", "C", "degC", "uS", "µS", "pm", "nd", "-", "n/a", "volts", "volt",
        "millivolts", "unit", "units", "raw", "counts", "samples", "a.u.", "arb", "1/min", "rpm", "time", "mm", "cm", "lux", "ohm", "kohm",
    };

    private static readonly HashSet<string> TimeLabels = new(StringComparer.OrdinalIgnoreCase)
    {
        "t", "ts", "timer", "seconds", "elapsed", "ms", "msec", "date", "datum", "clock", "epoch", "unix", "utc",
        "temps", "tiempo", "tempo", "tijd", "hora", "heure",
    };

    private static readonly HashSet<string> IndexLabels = new(StringComparer.OrdinalIgnoreCase)
    {
        "sample", "samples", "sample #", "sample number", "sample no", "sampleno", "sample_number", "sample index",
        "index", "idx", "nseq", "seqn", "seq", "sequence", "counter", "count",
        "#", "no", "no.", "nr", "nr.", "row", "packet", "frame", "unnamed: 0", "probe",
    };

    /// <summary>
    /// A header's cell as label and unit (<c>ecg_mV</c>, <c>ecg [mV]</c>, <c>ecg (mV)</c>, <c>ecg/mV</c>); an empty one is named by its
    /// place.
    /// </summary>
    public static CsvColumn Split(string text, int index)
    {
        var cell = Micro(text.Trim());
        var close = cell.Length > 0 && cell[^1] is ']' or ')' or '}' ? cell[^1] : '\0';
        var open = close == ']' ? cell.LastIndexOf('[') : close == ')' ? cell.LastIndexOf('(') : close == '}' ? cell.LastIndexOf('{') : -1;
        if (open > 0)
            return new(cell[..open].Trim().TrimEnd('_'), cell[(open + 1)..^1].Trim());
        var mark = cell.LastIndexOfAny(['_', '/', ' ']);
        if (mark > 0 && IsSuffix(cell[(mark + 1)..].Trim(), cell[..mark].Trim()))
            return new(cell[..mark].Trim(), cell[(mark + 1)..].Trim());
        return new(cell.Length == 0 ? $"column{index + 1}" : cell, "");
    }

    /// <summary>Whether a row of texts is the units of the labels above it: most of its cells are.</summary>
    public static bool AreUnits(IReadOnlyList<string> cells)
    {
        var texts = cells.Select(cell => cell.Trim()).Where(cell => cell.Length > 0).ToList();
        return texts.Count > 0 && 2 * texts.Count(IsUnit) > texts.Count;
    }

    /// <summary>A cell of a row of units, without brackets.</summary>
    public static string UnitOf(string cell) => Micro(cell.Trim().Trim('[', ']', '(', ')', '{', '}').Trim());

    /// <summary>Whether a label says that its column is a time.</summary>
    public static bool IsTime(string label) => TimeLabels.Contains(label) || TimeWords().IsMatch(label);

    /// <summary>Whether a label says that its column numbers the rows.</summary>
    public static bool IsIndex(string label) => IndexLabels.Contains(label);

    /// <summary>Seconds per unit of time; NaN where the text is none.</summary>
    public static double SecondsPer(string unit) => unit.ToUpperInvariant() switch
    {
        "S" or "SEC" or "SECS" or "SECOND" or "SECONDS" or "SEKUNDEN" => 1,
        "MS" or "MSEC" or "MILLISECONDS" or "MILLISEKUNDEN" => 1e-3,
        "US" or "µS" or "ΜS" or "USEC" or "MICROSECONDS" => 1e-6,
        "NS" or "NSEC" or "NANOSECONDS" => 1e-9,
        "MIN" or "MINUTES" => 60,
        "H" or "HOURS" => 3600,
        _ => double.NaN,
    };

    // A µ of another code page than UTF-8 is read as the mark of what is none.
    private static string Micro(string text) => text.Replace('\uFFFD', 'µ');

    private static bool IsUnit(string cell)
    {
        var bare = UnitOf(cell);
        return bare.Length == 0 || bare.Length < cell.Length
            || UnitSuffixes.Contains(bare) || OtherUnits.Contains(bare) || ClockForm().IsMatch(bare);
    }

    // One letter is a unit only where it can be no axis or site: volts of an ECG, g of an accelerometer.
    private static bool IsSuffix(string suffix, string label) => UnitSuffixes.Contains(suffix)
        || (suffix == "V" && EcgLabel().IsMatch(label))
        || (suffix == "g" && label.StartsWith("acc", StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex("^e[ck]g", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex EcgLabel();

    [GeneratedRegex(
        "(^|[^a-z])(time|times|timestamps?|time stamp|datetime|date/time|zeit|zeitstempel|uhrzeit)$"
        + "|^(time|timestamp|zeit|datetime|elapsed|unix|epoch)([^a-z]|$)"
        + "|(?<=[a-z])(Time|Timestamp|TimeStamp)$|^(Time|Unix|Local|System|Sensor|Phone)(Time|Stamp|Timestamp)",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex TimeWords();

    [GeneratedRegex("^[hdmy]{1,4}([:/. -]+[hdmsy]{1,4})+([.,](m|s|f|0)+)?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex ClockForm();
}
