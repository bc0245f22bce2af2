using Pipeline.Models.Estimators.Fetal;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

/// <summary>What is done to the leads before beats are looked for.</summary>
public sealed class FetalSignalTests
{
    [Theory]
    [InlineData(250)]
    [InlineData(256)]
    [InlineData(360)]
    [InlineData(499.5)]
    [InlineData(500)]
    [InlineData(1000)]
    [InlineData(4000)]
    public void A_wave_keeps_its_height_and_its_place_at_any_rate(double rate)
    {
        const double Hz = 20;
        var lead = Wave(rate, 6, t => 0.1 * Math.Sin(2 * Math.PI * Hz * t));

        var leads = Take(rate, [lead]);

        // 20 Hz pass the high-pass at 3 Hz almost whole, 12 degrees early; and the low-pass at 90 Hz.
        Assert.InRange(leads.Count, 6 * 250 - 9, 6 * 250);
        var samples = leads[0];
        double sine = 0, cosine = 0;
        for (var i = 500; i < 1250; i++)
        {
            sine += samples[i] * Math.Sin(2 * Math.PI * Hz * i / 250) / 375;
            cosine += samples[i] * Math.Cos(2 * Math.PI * Hz * i / 250) / 375;
        }
        Assert.InRange(Math.Sqrt(sine * sine + cosine * cosine), 0.097, 0.103);
        Assert.InRange(Math.Atan2(cosine, sine), 0.19, 0.24);
    }

    [Fact]
    public void Frequencies_that_the_new_rate_cannot_hold_are_gone()
    {
        var lead = Wave(1000, 4, t => 0.1 * Math.Sin(2 * Math.PI * 230 * t));

        Assert.True(Largest(Take(1000, [lead])[0][250..]) < 0.002);
    }

    [Fact]
    public void An_offset_is_gone_from_the_first_sample_on() =>
        Assert.True(Largest(Take(500, [Wave(500, 2, _ => 1500)])[0]) < 1e-3);

    [Fact]
    public void A_hole_and_what_follows_it_are_not_valid_and_the_lead_goes_on_without_a_step()
    {
        var lead = Wave(500, 6, t => (t < 3 ? 0 : 5) + 0.01 * Math.Sin(300 * t));
        lead.AsSpan(1500, 100).Fill(float.NaN);
        var other = Wave(500, 6, t => 0.01 * Math.Sin(200 * t));

        var leads = Take(500, [lead, other]);

        var valid = leads.Valid.ToArray();
        Assert.All(Enumerable.Range(0, 744), i => Assert.Equal(3, valid[i]));
        Assert.All(Enumerable.Range(757, 90), i => Assert.Equal(2, valid[i]));
        Assert.All(Enumerable.Range(860, valid.Length - 860), i => Assert.Equal(3, valid[i]));
        Assert.True(Largest(leads[0]) < 0.03);
    }

    [Fact]
    public void A_lead_that_stands_still_is_not_valid_from_the_step_to_that_value_on()
    {
        var lead = Wave(500, 8, t => 0.01 * Math.Sin(300 * t));
        lead.AsSpan(1500, 1000).Fill(6);

        var leads = Take(500, [lead]);

        var valid = leads.Valid.ToArray();
        Assert.All(Enumerable.Range(0, 730), i => Assert.Equal(1, valid[i]));
        Assert.All(Enumerable.Range(752, 498), i => Assert.Equal(0, valid[i]));
        Assert.All(Enumerable.Range(1320, valid.Length - 1320), i => Assert.Equal(1, valid[i]));
        Assert.True(Largest(leads[0]) < 0.03);
    }

    [Fact]
    public void A_single_missing_sample_is_bridged()
    {
        var lead = Wave(1000, 4, t => 0.1 * Math.Sin(20 * t));
        var holed = lead.ToArray();
        for (var i = 100; i < holed.Length; i += 400)
            holed[i] = float.NaN;

        var (whole, bridged) = (Take(1000, [lead]), Take(1000, [holed]));

        Assert.All(bridged.Valid.ToArray(), v => Assert.Equal(1, v));
        for (var i = 0; i < whole.Length; i++)
            Assert.Equal(whole[0][i], bridged[0][i], 1e-3);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(50.1)]
    [InlineData(49.8)]
    [InlineData(60.07)]
    public void Hum_is_gone_whatever_its_frequency_and_the_beats_stay(double hz)
    {
        var clean = new SyntheticAbdomen { Seconds = 13, RateHz = 500 }.Samples();
        var hummed = Array.ConvertAll(clean, lead => lead.Select((v, i) => v + (float)(0.1 * Math.Sin(2 * Math.PI * hz * i / 500 + 1))).ToArray());
        var (isOn, rows) = (new bool[2], Rows(Take(500, hummed)));

        new FetalMains().Remove(rows, isOn, new LocalLevel());

        Assert.Equal(hz < 55, isOn[0]);
        Assert.Equal(hz > 55, isOn[1]);
        var before = Take(500, clean);
        for (var l = 0; l < rows.Count; l++)
        {
            var left = rows[l].ToArray().Zip(before[l].ToArray(), (a, b) => a - b).ToArray();
            Assert.True(left.Average(v => v * v) < 0.0025 * 0.0025, $"{Math.Sqrt(left.Average(v => v * v))} mV are left of 0.07");
        }
    }

    [Fact]
    public void Without_hum_nothing_is_taken_out()
    {
        var (isOn, leads) = (new bool[2], Take(500, new SyntheticAbdomen { Seconds = 13 }.Samples()));
        var rows = Rows(leads);

        new FetalMains().Remove(rows, isOn, new LocalLevel());

        Assert.Equal([false, false], isOn);
        Assert.Equal(leads[2].ToArray(), rows[2].ToArray());
    }

    [Fact]
    public void The_mother_is_taken_out_and_the_fetus_stays()
    {
        var abdomen = new SyntheticAbdomen { Seconds = 12.2, Noise = 1e-4, Leads = 1 };
        var (both, fetus) = (Take(500, abdomen.Samples()), Take(500, new SyntheticAbdomen { Seconds = 12.2, Noise = 1e-4, Leads = 1, Mother = 0 }.Samples()));
        var mother = abdomen.MotherBeats().Select(t => (int)Math.Round(t * 250) - (int)(both.Count - both.Length)).Where(b => b >= 0 && b < both.Length).ToArray();
        float[] one = new float[both.Length], three = new float[both.Length];

        new MaternalCancellation(new ColumnSort()).Subtract(both[0], mother, 0, new MaternalBank(), one, three);

        double Left(float[] residual) => residual[100..2900].Zip(fetus[0][100..2900].ToArray(), (a, b) => (double)(a - b) * (a - b)).Sum();
        var whole = both[0][100..2900].ToArray().Sum(v => (double)v * v);
        var ofFetus = fetus[0][100..2900].ToArray().Sum(v => (double)v * v);
        Assert.True(Left(one) < 0.02 * whole, $"{Left(one) / whole} of the energy is left");
        Assert.True(Left(one) < 0.5 * ofFetus, $"{Left(one) / ofFetus} of the fetus");
    }

    [Fact]
    public void A_bank_holds_the_last_beats_to_a_part_of_thirty_thousand()
    {
        var (bank, random) = (new MaternalBank(), new Random(9));
        var waves = Enumerable.Range(0, 40).Select(_ => Enumerable.Range(0, MaternalBank.Length).Select(_ => 3 * random.NextSingle() - 1).ToArray()).ToArray();
        for (var b = 0; b < waves.Length; b++)
            bank.Add(100 + 200 * b, waves[b]);

        var copy = new float[MaternalBank.Length];
        Assert.Equal(MaternalBank.Most, bank.Count);
        for (var b = 0; b < bank.Count; b++)
        {
            var original = 40 - bank.Count + b;
            Assert.Equal(100 + 200 * original, bank.Place(b));
            bank.CopyTo(b, 0, copy);
            for (var i = 0; i < copy.Length; i++)
                Assert.Equal(waves[original][i], copy[i], 1e-4);
        }
    }

    [Fact]
    public void The_filter_is_applied_and_solved_as_by_the_definition()
    {
        var (random, rows) = (new Random(6), new SignalRows(SignalRows.Array(3), 3, 800));
        for (var c = 0; c < 3; c++)
            for (var i = 0; i < 800; i++)
                rows[c][i] = (float)(SyntheticEcg.Normal(random) + (c > 0 ? 0.5 * rows[c - 1][i] : 0));
        var covariance = new LagCovariance();
        covariance.Take(rows);
        float[] wave = [.. Enumerable.Range(0, 33).Select(_ => (float)SyntheticEcg.Normal(random))], filter = new float[33], output = new float[800];

        covariance.Solve(wave, filter);
        LagCovariance.Apply(rows, filter, output);

        for (var i = 0; i < 800; i++)
        {
            var sum = 0.0;
            for (var l = 0; l < 11; l++)
                for (var c = 0; c < 3; c++)
                    if (i + 2 * (l - 5) is >= 0 and < 800 and var at)
                        sum += filter[l * 3 + c] * rows[c][at];
            Assert.Equal(sum, output[i], 1e-3);
        }
        Assert.Equal(1, output.Average(v => v * v), 0.1);

        // No other filter answers more to the wave at the same power of its output.
        double Answer(float[] taps) => taps.Zip(wave, (a, b) => (double)a * b).Sum();
        for (var other = 0; other < 20; other++)
        {
            float[] turned = [.. filter.Select(v => v + 0.1f * (float)SyntheticEcg.Normal(random))];
            LagCovariance.Apply(rows, turned, output);
            Assert.True(Answer(turned) / Math.Sqrt(output.Average(v => v * v)) < 1.03 * Answer(filter));
        }
    }

    // Golden/fetal/residual.py, SciPy 1.10.1. float32 against float64: 1e-3 of values about 1.
    [Fact]
    public void The_band_pass_and_the_level_equal_those_of_SciPy()
    {
        var golden = Golden.Rows("fetal/residual.txt");
        var residual = new FetalResidual();
        var rows = residual.Begin(2, golden[0].Length);
        for (var i = 0; i < rows.Length; i++)
            (rows[0][i], rows[1][i]) = (golden[0][i], 3 - golden[0][i]);

        Assert.Equal(rows.Length, residual.Finished(new LocalLevel()).Length);

        for (var i = 0; i < rows.Length; i++)
        {
            Assert.Equal(golden[1][i], rows[0][i], 2e-3);
            Assert.Equal(-golden[1][i], rows[1][i], 2e-3);
        }
    }

    [Fact]
    public void The_fetus_has_the_sharper_complexes_whatever_their_size_and_the_noise()
    {
        foreach (var (size, noise) in (ReadOnlySpan<(double, double)>)[(0.03, 1e-4), (0.03, 0.004), (0.2, 0.004)])
        {
            SyntheticAbdomen mother = new() { Seconds = 12.2, Fetus = 0, Noise = noise }, fetus = new() { Seconds = 12.2, Fetus = size, Mother = 0, Noise = noise };
            float Of(SyntheticAbdomen abdomen, double[] beats)
            {
                var leads = Take(500, abdomen.Samples());
                return QrsSharpness.Of(Rows(leads), [.. beats.Select(t => (int)Math.Round(t * 250) - (int)(leads.Count - leads.Length)).Where(b => b >= 0 && b < leads.Length)]);
            }

            Assert.InRange(Of(mother, mother.MotherBeats()), 8, 16);
            Assert.InRange(Of(fetus, fetus.FetalBeats()), 20, 35);
        }
    }

    [Fact]
    public void Complexes_of_too_few_beats_and_of_flat_leads_have_no_sharpness()
    {
        var rows = new SignalRows(SignalRows.Array(2), 2, 1000);

        Assert.True(float.IsNaN(QrsSharpness.Of(rows, [100, 200, 300, 400, 500, 600])));
        rows[0][300] = rows[1][300] = 1;
        Assert.True(float.IsNaN(QrsSharpness.Of(rows, [100, 300, 500, 700])));
    }

    [Fact]
    public void A_beat_off_the_middle_of_its_neighbours_is_moved_there()
    {
        var rows = new SignalRows(SignalRows.Array(1), 1, 1200);
        int[] track = [100, 200, 300, 425, 500, 600, 700, 800, 900, 1000], placed = new int[10];
        foreach (var at in track)
            for (var k = -4; k <= 4; k++)
                rows[0][at + 3 + k] = 1 - Math.Abs(k) / 5f;

        FetalReadout.Place(rows, track, placed);

        Assert.Equal([103, 203, 303, 403, 503, 603, 703, 803, 903, 1003], placed);
    }

    private static AbdominalLeads Take(double rate, float[][] leads)
    {
        var taken = new AbdominalLeads(rate, leads.Length);
        var block = new float[leads.Length * 200];
        for (var from = 0; from < leads[0].Length; from += 200)
        {
            var count = Math.Min(200, leads[0].Length - from);
            for (var l = 0; l < leads.Length; l++)
                leads[l].AsSpan(from, count).CopyTo(block.AsSpan(l * 200));
            taken.Take(block, 200, count);
        }
        return taken;
    }

    private static SignalRows Rows(AbdominalLeads leads)
    {
        var rows = new SignalRows(SignalRows.Array(4), 4, leads.Length);
        for (var l = 0; l < 4; l++)
            leads[l].CopyTo(rows[l]);
        return rows;
    }

    private static float[] Wave(double rate, double seconds, Func<double, double> value) =>
        [.. Enumerable.Range(0, (int)(rate * seconds)).Select(i => (float)value(i / rate))];

    private static float Largest(ReadOnlySpan<float> samples)
    {
        var largest = 0f;
        foreach (var value in samples)
            largest = Math.Max(largest, Math.Abs(value));
        return largest;
    }
}
