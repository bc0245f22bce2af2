namespace Pipeline.Host.Recordings;

/// <summary>
/// The column that places the rows of a text file in time. Of several the most even one is taken: numbers in a known unit before times of
/// day and dates, fine ones before those that repeat themselves; the others are passed over.
/// </summary>
/// <param name="Column">Its number.</param>
/// <param name="Form">How its times are written.</param>
/// <param name="SecondsPerUnit">Seconds per unit of its numbers.</param>
/// <param name="Others">Columns that are times as well.</param>
/// <param name="Notes">What was assumed, a line each.</param>
internal sealed record CsvTimeColumn(
    int Column, CsvTimeForm Form, double SecondsPerUnit, IReadOnlyList<int> Others, IReadOnlyList<string> Notes)
{
    private const int UnevenRank = 6;

    /// <summary>Whether its rows come when they come, not at a rate.</summary>
    public bool IsUneven { get; private init; }

    /// <summary>What a column is; null: no time.</summary>
    public CsvRole? RoleOf(int column) => column == Column ? CsvRole.Time : Others.Contains(column) ? CsvRole.PassedOver : null;

    /// <summary>Chooses among the columns; null when none is a time.</summary>
    public static CsvTimeColumn? Choose(IReadOnlyList<CsvColumn> columns, CsvTable table, RecordingOptions options)
    {
        var candidates = Enumerable.Range(0, columns.Count)
            .Where(c => options.Of(CsvLayout.SignalOf(columns[c], c)) is null && columns[c].Role == CsvRole.Signal
                && (CsvColumns.IsTime(columns[c].Label) || table.Forms[c] is CsvTimeForm.Clock or CsvTimeForm.Date))
            .Select(c => Judge(c, columns[c], table))
            .OrderBy(candidate => candidate.Rank)
            .ToList();
        if (candidates.Count == 0)
            return null;
        var (time, _) = candidates[0];
        var others = candidates.Skip(1).Select(candidate => candidate.Time.Column).ToList();
        return others.Count == 0 ? time : time with
        {
            Others = others,
            Notes =
            [
                .. time.Notes,
                $"the time is '{Shown(columns[time.Column])}'; "
                + $"passed over: {string.Join(", ", others.Select(c => $"'{Shown(columns[c])}'"))}",
            ],
        };
    }

    private static (CsvTimeColumn Time, int Rank) Judge(int c, CsvColumn column, CsvTable table)
    {
        var form = table.Forms[c] ?? CsvTimeForm.Number;
        var times = table.Column(c, form).FindAll(double.IsFinite);
        var (unit, notes) = (1.0, new List<string>());
        var isKnown = form == CsvTimeForm.Number;
        if (form == CsvTimeForm.Number)
        {
            unit = CsvColumns.SecondsPer(column.Unit) is var byUnit && !double.IsNaN(byUnit) ? byUnit : CsvColumns.SecondsPer(column.Label);
            isKnown = !double.IsNaN(unit);
            if (!isKnown)
            {
                (unit, var name) = CsvTimes.GuessUnit(times.Count > 0 ? times[0] : 0, StepOf(times));
                notes.Add($"column '{Shown(column)}' names no unit: taken as {name}");
            }
        }
        var seconds = times.ConvertAll(time => (time - times[0]) * unit);
        var isAscending = seconds.Zip(seconds.Skip(1), (a, b) => b >= a).All(isNext => isNext);
        var rank = !isAscending || !CsvClock.TryJudge(seconds, out var clock) ? 8
            : clock.Timing == CsvTiming.Uneven ? UnevenRank
            : clock.IsCoarse ? 4
            : isKnown ? 0 : 2;
        return (new(c, form, unit, [], notes) { IsUneven = rank == UnevenRank }, rank);
    }

    /// <summary>The middle one of the steps that go on; 0 where none does.</summary>
    private static double StepOf(List<double> times)
    {
        var steps = times.Zip(times.Skip(1), (a, b) => b - a).Where(step => step > 0).Order().ToList();
        return steps.Count == 0 ? 0
            : steps.Count < times.Count - 1 ? (times.Max() - times.Min()) / (times.Count - 1)   // a clock coarser than the rows
            : steps[steps.Count / 2];
    }

    private static string Shown(CsvColumn column) =>
        WfdbHeader.Shown(column.Unit.Length > 0 ? $"{column.Label} [{column.Unit}]" : column.Label);
}
