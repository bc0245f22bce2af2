using Pipeline.Benchmarks.Accuracy;
using Pipeline.Models.Estimators;
using Pipeline.Training;
using Xunit;

namespace Pipeline.Tests.Estimators;

public class PpgFitTests
{
    private const double RateHz = 50;
    private const double PerMinute = 120;

    [Fact]
    public void Every_constant_is_fitted_and_every_entry_changes_its_own_alone()
    {
        var properties = typeof(PpgConstants).GetProperties().Where(p => p.CanWrite).ToArray();

        Assert.Equal(properties.Select(p => p.Name).Order(), PpgFitConstant.All.Select(one => one.Name).Order());
        foreach (var one in PpgFitConstant.All)
        {
            var changed = one.With(PpgConstants.Default, 7);
            Assert.Equal(7, one.Get(changed));
            foreach (var property in properties)
                Assert.Equal(property.Name == one.Name ? 7 : Convert.ToDouble(property.GetValue(PpgConstants.Default)), Convert.ToDouble(property.GetValue(changed)));
        }
    }

    [Fact]
    public void What_a_fit_prints_is_read_again_and_nothing_else_is()
    {
        var text = PpgFitConstant.Text(PpgFitConstant.Starts);

        Assert.Equal(PpgFitConstant.Starts, PpgFitConstant.Parse(text));
        Assert.Equal(text, PpgFitConstant.Text(PpgFitConstant.Parse(text)!));
        foreach (var wrong in new[] { "", text[..text.LastIndexOf(',')], text + ", MeanPower 1", text.Replace("MeanPower", "meanPower", StringComparison.Ordinal), text.Replace("MeanPower 1", "MeanPower NaN", StringComparison.Ordinal) })
            Assert.Null(PpgFitConstant.Parse(wrong));
    }

    [Fact]
    public void Distorted_copies_are_the_same_every_time_and_of_the_same_subjects()
    {
        var recordings = Enumerable.Range(0, 4).Select(i => Recording(set: i / 2, fold: 0, seed: i)).ToList();
        for (var index = 0; index < recordings.Count; index++)
            for (var kind = 0; kind < PpgDistortion.Kinds; kind++)
            {
                var copy = PpgDistortion.Of(recordings, index, kind);
                var again = PpgDistortion.Of(recordings, index, kind);
                var alone = PpgDistortion.Of([.. recordings.Select(r => r.Set == recordings[index].Set ? r : Recording(r.Set, r.Fold, 99))], index, kind);

                Assert.Equal(copy.Pulse[0], again.Pulse[0]);
                Assert.Equal(copy.Pulse[0], alone.Pulse[0]);
                Assert.Equal(copy.Motion[0], alone.Motion[0]);
                Assert.Equal(kind == 0, copy.Pulse[0].SequenceEqual(recordings[index].Pulse[0]));
                Assert.Equal((recordings[index].Set, recordings[index].Fold, true), (copy.Set, copy.Fold, copy.IsCopy));
            }
    }

    [Fact]
    public void A_copy_that_is_played_slower_has_a_slower_pulse_and_reference()
    {
        var made = Recording(set: 0, fold: 0, seed: 1);
        foreach (var speed in new[] { 1, 0.75, 1.25 })
        {
            var windows = (speed == 1 ? made : made.Copy(speed, made.Pulse, made.Motion)).Windows();

            Assert.InRange(windows.Length, 20, 60);
            var known = windows.Where(w => !double.IsNaN(w.Reference)).ToArray();
            Assert.True(known.Length >= windows.Length - 4);
            foreach (var window in known)
            {
                Assert.Equal(speed * PerMinute, window.Reference, 1e-6);
                var strongest = Array.IndexOf(window.Pulse!, window.Pulse!.Max());
                Assert.Equal(speed * PerMinute, PpgSpectrumPlan.FirstPerMinute + PpgSpectrumPlan.StepPerMinute * strongest, PpgSpectrumPlan.StepPerMinute);
            }
        }
    }

    private static PpgFitRecording Recording(int set, int fold, int seed)
    {
        var random = new Random(seed);
        var count = (int)(90 * RateHz);
        float[] Channel(double amplitude) =>
            [.. Enumerable.Range(0, count).Select(i => (float)(amplitude * Math.Sin(2 * Math.PI * PerMinute / 60 * i / RateHz) + 0.1 * random.NextDouble()))];
        return new PpgFitRecording
        {
            File = "made up",
            Set = set,
            Fold = fold,
            RateHz = RateHz,
            Pulse = [Channel(1)],
            Motion = [Channel(0), Channel(0), Channel(0)],
            Reference = [.. Enumerable.Range(0, 42).Select(k => (2.0 * k, PerMinute))],
        };
    }
}
