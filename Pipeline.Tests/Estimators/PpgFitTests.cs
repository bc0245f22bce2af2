using Pipeline.Models.Estimators.Ppg;
using Pipeline.Training.HeartRate;
using Xunit;

namespace Pipeline.Tests.Estimators;

public class PpgFitTests
{
    private const double RateHz = 50;
    private const double PerMinute = 120;
    private const double Short = 16;    // five windows: enough for a fit to follow

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
    public void Augmentation_gives_the_same_every_time_and_stays_within_the_group()
    {
        var recordings = PpgFitRecording.From([.. Enumerable.Range(0, 24).Select(i => Recording(i < 12 ? "runs" : "rides", seed: i))]);
        foreach (var recording in recordings)
        {
            bool IsNear(PpgFitRecording r) => r.Set == recording.Set && r.Group == recording.Group;
            var others = PpgFitRecording.From([.. recordings.Select(r => IsNear(r) ? Recording(r.Set, r.Place) : Recording(r.Set, seed: 99))]);
            for (var kind = 0; kind < PpgFitAugmentation.Kinds; kind++)
            {
                var copy = PpgFitAugmentation.Of(recording, kind, recordings);
                var again = PpgFitAugmentation.Of(recording, kind, recordings);
                var apart = PpgFitAugmentation.Of(recording, kind, others);
                var alone = PpgFitAugmentation.Of(recording, kind, [recording]);

                Assert.Equal(copy.Pulse[0], again.Pulse[0]);
                Assert.Equal(copy.Pulse[0], apart.Pulse[0]);
                Assert.Equal(copy.Motion[0], apart.Motion[0]);
                Assert.Equal(kind == 0, copy.Pulse[0].SequenceEqual(recording.Pulse[0]));
                Assert.Equal(kind != 1, copy.Pulse[0].SequenceEqual(alone.Pulse[0]));
                Assert.Equal((recording.Set, recording.Group, true), (copy.Set, copy.Group, copy.IsAugmented));
            }
        }
    }

    [Fact]
    public void Of_who_is_held_out_nothing_enters_the_constants_of_others()
    {
        const int held = 8, near = 2;   // of the same group, and chosen by the seed: the one's motion would be in the other's augmented version
        RateRecording[] people = [.. Enumerable.Range(0, 9).Select(i => Recording("runs", seed: i, seconds: Short))];
        RateRecording[] With(int who, RateRecording other) => [.. people.Select((person, i) => i == who ? other : person)];
        static string Fit(RateRecording[] people) => RateTrainer.FitConstants(people, new HashSet<string> { $"runs{held}" }, (_, _) => { }, CancellationToken.None);
        RateRecording Stranger(int who) => Recording("runs", seed: 100, perMinute: 70, seconds: Short) with { Name = $"runs{who}", Subject = $"runs{who}" };

        var fitted = Fit(people);

        Assert.Equal(fitted, Fit(With(held, Stranger(held))));    // which also shows that a fit gives the same every time
        Assert.NotEqual(fitted, Fit(With(near, Stranger(near))));
        Assert.NotEqual(PpgFitConstant.Text(PpgFitConstant.Starts), fitted);
    }

    [Fact]
    public void A_recording_that_cannot_be_fitted_on_is_left_out()
    {
        var usable = Recording("runs", seed: 1, seconds: Short);
        var slow = usable with { RateHz = 10 };
        var silent = usable with { Labels = [] };
        var still = usable with { Acc = [] };

        Assert.Equal([2, 3], PpgFitRecording.From([slow, silent, usable, still]).Select(r => r.Place));
        Assert.NotNull(RateTrainer.FitConstants([slow, silent], new HashSet<string>(), (_, _) => { }, CancellationToken.None));
        Assert.NotNull(RateTrainer.FitConstants([still, still], new HashSet<string>(), (_, _) => { }, CancellationToken.None));
    }

    [Fact]
    public void A_copy_that_is_played_slower_has_a_slower_pulse_and_reference()
    {
        var made = PpgFitRecording.From([Recording("runs", seed: 1)])[0];
        foreach (var speed in new[] { 1, 0.75, 1.25 })
        {
            var windows = (speed == 1 ? made : made.Augmented(speed, made.Pulse, made.Motion)).Windows();

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

    private static RateRecording Recording(string set, int seed, double perMinute = PerMinute, double seconds = 90)
    {
        var random = new Random(seed);
        var count = (int)(seconds * RateHz);
        float[] Channel(double amplitude) =>
            [.. Enumerable.Range(0, count).Select(i => (float)(amplitude * Math.Sin(2 * Math.PI * perMinute / 60 * i / RateHz) + 0.1 * random.NextDouble()))];
        return new RateRecording(
            $"{set}{seed}", $"{set}{seed}", set, RateHz, [Channel(1)], [Channel(0), Channel(0), Channel(0)], [.. Enumerable.Range(0, (int)(seconds - 8) / 2 + 1).Select(k => (2.0 * k, perMinute))]);
    }
}
