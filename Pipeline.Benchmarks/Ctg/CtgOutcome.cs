using Pipeline.Benchmarks.Accuracy;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Training.Evaluation;

namespace Pipeline.Benchmarks.Ctg;

/// <summary>How well an outcome is told from features of records: areas under the curve, by cross-validation over records.</summary>
internal sealed class CtgOutcome
{
    private readonly IReadOnlyList<CtgRecord> _records;
    private readonly bool[] _isBad;
    private readonly int[] _fold;
    private readonly int _folds;

    /// <summary>Folds have equal parts of each outcome, in the order of the records.</summary>
    public CtgOutcome(IReadOnlyList<CtgRecord> records, Func<CtgRecord, bool> isBad, int folds)
    {
        (_records, _isBad, _folds) = (records, [.. records.Select(isBad)], folds);
        var seen = new int[2];
        _fold = [.. _isBad.Select(bad => seen[bad ? 1 : 0]++ % folds)];
    }

    /// <summary>The features that were chosen beforehand; none was left out or added after a look at the result.</summary>
    public static (string Name, Func<CtgRecord, double> Of)[] Named { get; } =
    [
        ("loss", record => record.Loss),
        ("stv", record => record.Mean(Metric.FetalShortTermVariation)),
        ("variability", record => record.Mean(Metric.FetalVariability)),
        ("baseline", record => record.Mean(Metric.FetalBaseline)),
        ("deceleration_part", record => record.DecelerationPart),
        ("acceleration_part", record => record.AccelerationPart),
        ("pathological_part", record => record.CategoryPart(CtgCategory.Pathological)),
    ];

    public static Func<CtgRecord, double>[] Features { get; } = [.. Named.Select(named => named.Of)];

    public static Func<CtgRecord, double>[] FeaturesWithoutLoss { get; } = [.. Named.Skip(1).Select(named => named.Of)];

    /// <summary>Of the odds that a logistic regression gives each record that took no part in it.</summary>
    public double Auc(Func<CtgRecord, double>[] features)
    {
        var raw = _records.Select(record => features.Select(feature => feature(record)).ToArray()).ToArray();
        var odds = new double[_records.Count];
        for (var fold = 0; fold < _folds; fold++)
        {
            int[] train = [.. Enumerable.Range(0, odds.Length).Where(i => _fold[i] != fold)];
            var scale = Enumerable.Range(0, features.Length).Select(k => Scale([.. train.Select(i => raw[i][k])])).ToArray();
            float Scaled(double value, int k) => double.IsNaN(value) ? 0 : (float)((value - scale[k].Mean) / scale[k].Sd);
            float[] Row(int i) => [1, .. raw[i].Select(Scaled)];
            var weights = new double[features.Length + 1];
            LogisticFit.Improve([.. train.Select(i => new LogisticRow(Row(i), _isBad[i], 1, 0))], weights, without: -1, rounds: 20);
            for (var i = 0; i < odds.Length; i++)
                if (_fold[i] == fold)
                    odds[i] = Row(i).Select((value, k) => value * weights[k]).Sum();
        }
        return RankAuc.Of(Of(odds, bad: true), Of(odds, bad: false));
    }

    /// <summary>Of one feature as it is, in whichever direction; without a fit. A record without a value stands in the middle.</summary>
    public double AucOf(Func<CtgRecord, double> feature)
    {
        double[] values = [.. _records.Select(feature)];
        var middle = Quantiles.Median(values.Where(double.IsFinite));
        values = [.. values.Select(value => double.IsFinite(value) ? value : middle)];
        var auc = RankAuc.Of(Of(values, bad: true), Of(values, bad: false));
        return Math.Max(auc, 1 - auc);
    }

    private List<double> Of(double[] values, bool bad) => [.. values.Where((_, i) => _isBad[i] == bad)];

    private static (double Mean, double Sd) Scale(double[] values)
    {
        double[] there = [.. values.Where(double.IsFinite)];
        var mean = there.Length == 0 ? 0 : there.Average();
        var sd = there.Length == 0 ? 1 : Math.Sqrt(there.Average(value => (value - mean) * (value - mean)));
        return (mean, sd > 0 ? sd : 1);
    }
}
