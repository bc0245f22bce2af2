using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;
using Pipeline.Training.Fetal;

namespace Pipeline.Host.Networks;

/// <summary>How a fetal network does, as rows of figures: for <c>train fetal --folds</c> and <c>evaluate fetal</c>.</summary>
internal static class FetalScores
{
    private const int FiguresOfOne = 4;
    private static readonly string[] Estimators = ["classical", "network", "joined"];

    /// <summary>Names of the figures, the count of windows with a reference first: of each estimator the windows with a rate, those within 10 %, the mean error of all of them, and claims.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["windows", "empty", .. Estimators.SelectMany(one => new[] { $"{one}_ok", $"{one}_within_10_percent", $"{one}_mae", $"{one}_claims" })];

    /// <summary>Scores the package <paramref name="name"/> as it is on the recordings of <paramref name="folders"/>, in every choice of their leads, and on simulated labours that no network has learnt from: a CSV row each, then a line for each set.</summary>
    /// <exception cref="CommandException">The data cannot be used.</exception>
    public static void Evaluate(string name, IReadOnlyList<string> folders, RecordingOptions options, TextWriter output, TextWriter remarks, CancellationToken stop)
    {
        using var model = ModelCatalog.OpenFetal(name) ?? throw CommandException.BadUsage($"{name} estimates no fetal heart rate.");
        var recordings = FetalRecordings.Read(folders, options);
        var trained = model.Package.Manifest.Card.GetValueOrDefault("data", "").Split([' ', ';', ':'], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        if (recordings.Count(r => trained.Contains(r.Name)) is > 0 and var seen)
            remarks.WriteLine($"{seen} of {recordings.Count} recordings were in the training of {model.Identity}: "
                + "these figures say nothing of people it has not seen; ./pipeline train fetal --folds N does.");
        output.WriteLine($"set,recording,{string.Join(',', Columns)}");
        var rows = new List<HeldOutScore>();
        void Add(IEnumerable<FetalSequence> sequences)
        {
            foreach (var row in RowsOf(sequences, one => FetalScore.Of(model, one)))
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Set},{row.Recording},{row.Count},{string.Join(',', row.Figures.Select(x => x.ToString("F3", CultureInfo.InvariantCulture)))}"));
                rows.Add(row);
            }
        }
        foreach (var recording in recordings)
        {
            stop.ThrowIfCancellationRequested();
            Add(FetalTrainer.See(recording));
        }
        Add(Enumerable.Range(0, new FetalTrainingOptions().HeldOutLabours).Select(number =>
        {
            stop.ThrowIfCancellationRequested();
            return FetalTrainer.Simulated(number, isHeldOut: true);
        }));
        foreach (var set in rows.GroupBy(row => row.Set))
            output.WriteLine($"# {model.Identity}, {Line(set.Key, [.. set])}");
    }

    /// <summary>A row for each recording and number of leads; the simulated labours are one recording.</summary>
    public static IEnumerable<HeldOutScore> RowsOf(IEnumerable<FetalSequence> sequences, Func<FetalSequence, FetalScore> scoreOf) =>
        sequences.Select(one => (one.Set, one.Leads, Name: one.Person is null ? "labours" : one.Name, Score: scoreOf(one)))
            .GroupBy(one => (one.Set, one.Leads, one.Name)).OrderBy(group => group.Key)
            .Select(group => Row(group.Key.Set, group.Key.Leads, group.Key.Name, group.Select(one => one.Score).Aggregate((a, b) => a + b)));

    /// <summary>The row of a recording with <paramref name="leads"/>.</summary>
    private static HeldOutScore Row(string set, int leads, string recording, FetalScore score) => new(
        $"{set} {(leads == 1 ? "one lead" : $"{leads} leads")}", recording, score.Fetal,
        [score.Empty, .. new[] { score.Classical, score.Network, score.Joined }.SelectMany(one => new[] { one.Count, one.Near, one.Count == 0 ? 0 : one.ErrorSum / one.Count, one.Claims })]);

    /// <summary>The rows of a set in a line.</summary>
    public static string Line(string set, IReadOnlyList<HeldOutScore> scores)
    {
        double windows = scores.Sum(s => s.Count), empty = scores.Sum(s => s.Figures[0]);
        var each = Estimators.Select((name, e) =>
        {
            double Sum(int figure) => scores.Sum(s => s.Figures[1 + e * FiguresOfOne + figure]);
            var (ok, error) = (Sum(0), scores.Sum(s => s.Figures[1 + e * FiguresOfOne] * s.Figures[3 + e * FiguresOfOne]));
            var rates = windows == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{100 * ok / windows:F1} % have a rate, {100 * Sum(1) / ok:F2} % of them within 10 %, MAE {error / ok:F2}/min");
            var claims = empty == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{(windows == 0 ? "" : ", ")}{100 * Sum(3) / empty:F2} % of {empty:F0} windows without a fetus claim one");
            return $"{name} {rates}{claims}";
        });
        return string.Create(CultureInfo.InvariantCulture, $"{set}: {windows:F0} windows; {string.Join("; ", each)}");
    }
}
