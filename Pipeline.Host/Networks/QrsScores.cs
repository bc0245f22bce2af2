using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Training.Qrs;

namespace Pipeline.Host.Networks;

/// <summary>What <c>evaluate</c> found of a QRS network.</summary>
/// <param name="Model">Name and version.</param>
/// <param name="Columns">Names of the figures, the count of reference beats first.</param>
/// <param name="Rows">One a recording.</param>
internal sealed record QrsResult(string Model, IReadOnlyList<string> Columns, IReadOnlyList<HeldOutScore> Rows);

/// <summary>How a QRS network does on recordings, as rows of figures: for <c>train qrs --folds</c> and <c>evaluate qrs</c>.</summary>
internal static class QrsScores
{
    private const int Clean = 6;    // figures that need no noise

    /// <summary>Names of the figures, the count of reference beats first.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "beats", "f1", "false", "missed", "lead0_f1", "lead0_false", "lead0_missed", "em6_f1", "em0_f1", "lead0_em6_f1", "lead0_em0_f1",
    ];

    /// <summary>The row of a recording.</summary>
    public static HeldOutScore Row(string set, string record, QrsEvaluation score) => new(set, record, score.BothLeads.True + score.BothLeads.Missed,
    [
        score.BothLeads.F1, score.BothLeads.False, score.BothLeads.Missed, score.FirstLead.F1, score.FirstLead.False, score.FirstLead.Missed,
        .. score.Noisy.Select(n => n.F1),
    ]);

    /// <summary>The rows of a data set in a line; <paramref name="kind"/> says what its beats are to the network.</summary>
    public static string Line(string set, string kind, IReadOnlyList<HeldOutScore> scores)
    {
        double Pooled(int at)
        {
            var missed = scores.Sum(s => s.Figures[at + 1]);
            var found = scores.Sum(s => s.Count) - missed;
            return 200 * found / (2 * found + scores.Sum(s => s.Figures[at]) + missed);
        }
        var noisy = scores[0].Figures.Count > Clean
            ? string.Create(CultureInfo.InvariantCulture, $"; with electrode motion at 6 and 0 dB, mean over records, {scores.Average(s => s.Figures[6]):F1} and {scores.Average(s => s.Figures[7]):F1} %, first lead {scores.Average(s => s.Figures[8]):F1} and {scores.Average(s => s.Figures[9]):F1} %")
            : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{set}: {kind}F1 of all beats {Pooled(1):F2} % (worst of {scores.Count} records {scores.Min(s => s.Figures[0]):F2}), first lead alone {Pooled(4):F2} % (worst {scores.Min(s => s.Figures[3]):F2}){noisy}");
    }

    /// <summary>Scores the package <paramref name="name"/> as it is on the records of <paramref name="folders"/>: a CSV row each, as soon as it is known, then a line for each folder.</summary>
    /// <returns>Name and version of the network, the columns, and the rows in the order of the folders.</returns>
    /// <exception cref="CommandException">The data cannot be used.</exception>
    public static QrsResult Evaluate(string name, IReadOnlyList<string> folders, TextWriter output, TextWriter remarks, CancellationToken stop)
    {
        var model = ModelCatalog.OpenQrs(name) ?? throw CommandException.BadUsage($"{name} decides on no beats.");
        var recordings = new QrsRecordings(folders);
        var trained = model.Package.Manifest.Card.GetValueOrDefault("data", "").Split([' ', ';', ':'], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        if (recordings.Records.Count(r => trained.Contains(r.Record.Name)) is > 0 and var seen)
            remarks.WriteLine($"{seen} of {recordings.Records.Count} recordings were in the training of {model.Identity}: "
                + "these figures say nothing of people it has not seen; ./pipeline train qrs --folds N does.");
        var columns = recordings.Noises.ContainsKey("em") ? Columns : Columns.Take(1 + Clean);
        output.WriteLine($"set,recording,{string.Join(',', columns)}");
        var rows = new List<HeldOutScore>();
        foreach (var (set, record) in recordings.Records)
        {
            stop.ThrowIfCancellationRequested();
            var row = Row(set, record.Name, QrsEvaluation.Of(record, model, recordings.Noises.GetValueOrDefault("em")));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{set},{record.Name},{row.Count},{string.Join(',', row.Figures.Select(x => x.ToString("F3", CultureInfo.InvariantCulture)))}"));
            rows.Add(row);
        }
        foreach (var group in rows.GroupBy(r => r.Set))
            output.WriteLine($"# {model.Identity}, {Line(group.Key, "", [.. group])}");
        return new QrsResult(model.Identity, [.. columns], rows);
    }
}
