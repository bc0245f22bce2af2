using System.Globalization;
using Pipeline.Host.Recordings;

namespace Pipeline.Host.References;

/// <summary>
/// The true heart rate of a recording, from the file beside it, <c>NAME.ref.csv</c>: a row for each window of 8 s, with its start
/// (<c>t_start_s</c>) and its rate (<c>hr_bpm</c>, or the only column whose name begins so). An empty rate is none.
/// </summary>
internal sealed class ReferenceRates
{
    /// <summary>What the name of the file ends in.</summary>
    public const string Ending = ".ref.csv";

    /// <summary>Columns that it has.</summary>
    public const string StartColumn = "t_start_s", RateColumn = "hr_bpm";

    private const double SameStart = 1e-3, LongestBridge = 4;   // seconds
    private readonly List<(double StartSeconds, double BeatsPerMinute)> _rows = [];

    /// <summary>The rows with a rate, in order of time.</summary>
    public IReadOnlyList<(double StartSeconds, double BeatsPerMinute)> Rows => _rows;

    /// <summary>The file that belongs to a recording.</summary>
    public static string PathOf(string recording) => Path.ChangeExtension(recording, Ending);

    /// <summary>Reads one.</summary>
    /// <exception cref="RecordingException">A column is missing, or a row is no start and rate.</exception>
    public static ReferenceRates Read(string path)
    {
        var name = Path.GetFileName(path);
        var lines = File.ReadAllLines(path);
        var columns = lines.Length == 0 ? [] : lines[0].Split(',').Select(column => column.Trim()).ToList();
        var start = columns.IndexOf(StartColumn);
        var rate = columns.IndexOf(RateColumn);
        if (rate < 0 && columns.FindAll(column => column.StartsWith(RateColumn, StringComparison.Ordinal)) is [var only])
            rate = columns.IndexOf(only);
        if (start < 0 || rate < 0)
            throw new RecordingException($"{name}: columns {StartColumn} and {RateColumn} are wanted; it has {string.Join(", ", columns)}");
        var reference = new ReferenceRates();
        for (var row = 1; row < lines.Length; row++)
            if (lines[row].Split(',') is var fields && fields.Length > Math.Max(start, rate) && fields[rate].Trim().Length > 0)
                reference._rows.Add(Parse(fields[start], fields[rate])
                    ?? throw new RecordingException($"{name}: line {row + 1} '{WfdbHeader.Shown(lines[row])}' is no start and rate"));
        reference._rows.Sort((a, b) => a.StartSeconds.CompareTo(b.StartSeconds));
        return reference;
    }

    /// <summary>
    /// The rate of the window of 8 s that starts there, per minute: the row's own, or on the straight line between two rows at most 4 s apart;
    /// NaN where there is none.
    /// </summary>
    public double At(double startSeconds)
    {
        var high = _rows.FindIndex(row => row.StartSeconds >= startSeconds - SameStart);
        if (high >= 0 && _rows[high].StartSeconds <= startSeconds + SameStart)
            return _rows[high].BeatsPerMinute;
        if (high <= 0)
            return double.NaN;
        var ((t0, v0), (t1, v1)) = (_rows[high - 1], _rows[high]);
        return t1 - t0 > LongestBridge ? double.NaN : v0 + (v1 - v0) * (startSeconds - t0) / (t1 - t0);
    }

    private static (double, double)? Parse(string start, string rate) =>
        double.TryParse(start, CultureInfo.InvariantCulture, out var seconds) && double.TryParse(rate, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(seconds) && double.IsFinite(value)
            ? (seconds, value)
            : null;
}
