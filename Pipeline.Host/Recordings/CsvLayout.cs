using System.Text.RegularExpressions;

namespace Pipeline.Host.Recordings;

/// <summary>
/// How a text file is laid out, told from its beginning: separator, decimal mark, where its rows begin, what its columns are, which of them
/// is the time. Heads of other forms (lines of settings, OpenSignals, LabChart, Empatica E4) are passed over, and what they say of labels,
/// units and rate is taken.
/// </summary>
internal sealed partial class CsvLayout
{
    private const int MaxColumns = 1024;

    private CsvLayout(CsvHead head, IReadOnlyList<CsvColumn> columns, CsvNumbers numbers, int firstRow)
    {
        (Delimiter, Columns, Numbers) = (head.Delimiter, columns, numbers);
        SkippedRecords = firstRow + (head.HasSeparatorLine ? 1 : 0);
    }

    /// <summary>What stands between cells.</summary>
    public string Delimiter { get; }

    /// <summary>Records before the first row of samples.</summary>
    public int SkippedRecords { get; }

    /// <summary>The columns of a row.</summary>
    public IReadOnlyList<CsvColumn> Columns { get; }

    /// <summary>How numbers are written.</summary>
    public CsvNumbers Numbers { get; }

    /// <summary>The column of times; −1: there is none.</summary>
    public int TimeColumn { get; private init; } = -1;

    /// <summary>How its times are written.</summary>
    public CsvTimeForm TimeForm { get; private init; }

    /// <summary>Seconds per unit of <see cref="TimeColumn"/>; dates and times of day are in seconds.</summary>
    public double SecondsPerTimeUnit { get; private init; } = 1;

    /// <summary>The rate that the head names; null: none.</summary>
    public double? RateHz { get; private init; }

    /// <summary>What was assumed and left out, a line each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Reads the layout of the file at <paramref name="path"/>.</summary>
    /// <exception cref="RecordingException">It has no rows of numbers.</exception>
    public static CsvLayout Read(string path, RecordingOptions options)
    {
        var (name, head) = (Path.GetFileName(path), CsvHead.Read(path));
        var table = CsvTable.Of(head);
        if (table.Width > MaxColumns)
            throw new RecordingException($"{name}: {table.Width} columns; at most {MaxColumns} are possible");
        if (table.FirstRow < 0)
            throw new NoRecordingException($"{name}: no rows of samples");
        if (CsvEmpatica.TryOf(path, head, table, out var columns, out var rateOfE4))
            return new(head, columns, table.Numbers, CsvEmpatica.HeadRows)
            {
                RateHz = rateOfE4,
                Notes = [FormattableString.Invariant($"its first two rows are its start time and its rate, {rateOfE4} Hz")],
            };
        columns = CsvLabels.Of(head, table);
        var notes = new List<string>();
        columns = WithoutTexts(columns, table, options, notes);
        var time = CsvTimeColumn.Choose(columns, table, options);
        columns = WithoutIndices(columns, table, options);
        if (time is null)
            return new(head, columns, table.Numbers, table.FirstRow) { RateHz = RateOf(head, table), Notes = notes };
        var rate = RateOf(head, table);
        if (rate is not null && time.IsUneven)
        {
            var label = WfdbHeader.Shown(columns[time.Column].Label);
            notes.Add(FormattableString.Invariant($"the times of '{label}' are uneven: the rows are taken at {rate} Hz, as its head says"));
            columns = [.. columns.Select((column, c) => time.RoleOf(c) is null ? column : column with { Role = CsvRole.PassedOver })];
            return new(head, columns, table.Numbers, table.FirstRow)
            {
                RateHz = rate,
                Notes = notes,
            };
        }
        notes.AddRange(time.Notes);
        columns = [.. columns.Select((column, c) => time.RoleOf(c) is { } role ? column with { Role = role } : column)];
        return new(head, columns, table.Numbers, table.FirstRow)
        {
            TimeColumn = time.Column,
            TimeForm = time.Form,
            SecondsPerTimeUnit = time.SecondsPerUnit,
            RateHz = rate,
            Notes = notes,
        };
    }

    /// <summary>Columns of words (marks, comments, true and false) are no samples, unless a person names their kind.</summary>
    private static List<CsvColumn> WithoutTexts(
        IReadOnlyList<CsvColumn> columns, CsvTable table, RecordingOptions options, List<string> notes)
    {
        var all = columns.ToList();
        for (var c = 0; c < all.Count; c++)
        {
            var signal = SignalOf(all[c], c);
            all[c] = all[c] with { IsEmptyAtFirst = table.IsEmpty(c, inLaterHalf: true) };
            if (all[c].Label == signal.Alias && all.Count > 1 && table.IsEmpty(c))
                all[c] = all[c] with { Role = CsvRole.PassedOver };   // behind a separator at the rows' ends
            if (options.IsIgnored(signal) || options.Of(signal) is not null
                || table.Forms[c] is not null || CsvColumns.IsTime(all[c].Label))
                continue;
            all[c] = all[c] with { Role = CsvRole.PassedOver };
            notes.Add($"column '{WfdbHeader.Shown(all[c].Label)}' is left out: '{WfdbHeader.Shown(table.Example(c))}' is no number");
        }
        return all;
    }

    /// <summary>Columns that number the rows are no samples.</summary>
    private static List<CsvColumn> WithoutIndices(IReadOnlyList<CsvColumn> columns, CsvTable table, RecordingOptions options) =>
        [.. columns.Select((column, c) => CsvColumns.IsIndex(column.Label) && table.CountsRows(c) && options.Of(SignalOf(column, c)) is null
            ? column with { Role = CsvRole.PassedOver } : column)];

    /// <summary>A column as a signal of the recording.</summary>
    public static RecordedSignal SignalOf(CsvColumn column, int index) =>
        new(column.Label, column.Unit, column.Gain, 0, 1) { Alias = $"column{index + 1}" };

    private static double? RateOf(CsvHead head, CsvTable table)
    {
        foreach (var line in head.Comments.Concat(head.Records.Take(table.FirstRow).Select(record => string.Join(' ', record))))
        {
            var rate = RateText().Match(line);
            if (rate.Success && new CsvNumbers('.').TryRead(rate.Groups["rate"].Value.Replace(',', '.'), out var hz))
                return Usable(rate.Groups["k"].Length > 0 ? 1000 * hz : hz);
            var interval = IntervalText().Match(line);
            if (interval.Success && new CsvNumbers('.').TryRead(interval.Groups["step"].Value.Replace(',', '.'), out var step))
                return Usable(1 / (step * CsvColumns.SecondsPer(interval.Groups["unit"].Value)));
        }
        return null;
    }

    private static double? Usable(double hz) => hz is > 0 and <= 100_000 ? hz : null;

    [GeneratedRegex(
        @"\b(sampl\w*[ _-]*(rate|freq\w*)|sps|fs|frequency|abtastrate|samplerate)\b"
        + @"[^0-9]{0,20}(?<rate>[0-9]+([.,][0-9]+)?)\s*(?<k>k(?=hz|s))?",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RateText();

    [GeneratedRegex(
        @"^\W*(sampl\w* )?interval\W*(?<step>[0-9]+([.,][0-9]+)?)\s*(?<unit>ms|us|µs|s|sec|msec)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex IntervalText();
}
