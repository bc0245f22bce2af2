using System.Globalization;
using Pipeline.Benchmarks.Accuracy;
using Pipeline.Models.Estimators.HeartSound;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.HeartSounds;

/// <summary>
/// Fits the weights of <see cref="HeartSoundQuality"/>: a window is usable where its rate is right and its record is not
/// flagged bad, on the records that choose and on simulated sounds of seeds that are not scored.
/// </summary>
internal static class HeartSoundFit
{
    private const double Right = 4;             // /min
    private const int FirstSeed = 1, Seeds = 60, QuickSeeds = 2, Rounds = 30;
    private const double Seconds = 24;
    private const float RecordWeight = 3, EmptyWeight = 10;      // of a recorded window, and of one without a heart

    public static string Of(List<HeartSoundRecord> records, bool quick, CancellationToken stop)
    {
        var rows = new List<LogisticRow>();
        foreach (var record in records.Where(record => !record.IsQuoted))
            foreach (var window in record.Windows)
                if (!record.HasReference || double.IsFinite(window.Reference))
                    rows.Add(Row(window, record.IsGood && (!record.HasReference || window.FoundError <= Right), RecordWeight));
        foreach (var kind in Enum.GetValues<HeartSoundKind>())
            for (var seed = FirstSeed; seed < FirstSeed + (quick ? QuickSeeds : Seeds); seed++)
            {
                stop.ThrowIfCancellationRequested();
                foreach (var window in HeartSoundWindow.Simulate(kind, seed, Seconds))
                    rows.Add(Row(window, window.HasHeart == true && window.FoundError <= Right, window.HasHeart == true ? 1 : EmptyWeight));
            }
        var weights = new double[HeartSoundQuality.Count];
        LogisticFit.Improve(rows, weights, -1, Rounds);
        return $"[{string.Join(", ", weights.Select(weight => string.Create(CultureInfo.InvariantCulture, $"{weight:F3}f")))}]";
    }

    private static LogisticRow Row(HeartSoundWindow window, bool isUsable, float weight)
    {
        var features = new float[HeartSoundQuality.Count];
        HeartSoundQuality.Write(window.Evidence, features);
        return new LogisticRow(features, isUsable, weight, 0);
    }
}
