using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>All that is known of one stream of abdominal leads, and the way from its windows to beats and rates.</summary>
internal sealed class FetalEstimator
{
    private const int Block = 256;
    private const double HorizonSeconds = 2;        // a mark depends on two seconds after it, at least
    private const double ValidShare = 0.5, ValidShareNow = 0.5;
    private const int NowSamples = 375;
    private const float LeastShareOfLargest = 1e-3f;
    private const float ClipLevels = 8;
    private const int Sparse = 8;                   // every eighth sample is enough for a usual level
    private const int MainsSearch = 2;              // windows from one look for hum to the next
    private const int WideSearch = 4;               // windows from one search of the mother in all directions to the next; of a clear one twice as many
    private const float ClearMother = 2;
    private const int KeepSamples = MaternalBank.Before + 2 * FetalTiming.RateHz + 5;

    private readonly int[] _channels;
    private readonly double _rateHz;
    private readonly AbdominalLeads _leads;
    private readonly LeadQuality _quality;
    private readonly bool[] _mains = new bool[FetalMains.Frequencies];
    private readonly MaternalBeats _mother = new();
    private readonly MaternalBank[] _banks;
    private readonly FetalSearch _search = new();
    private readonly FetalReadout _readout = new();
    private readonly FetalVerdict _verdict = new();
    private long _origin = -1;      // index of the stream's first sample that is there; −1 before it
    private long _windows;
    private long _bankedUntil;

    /// <param name="channels">The layout's channels that are used, 1 to 4.</param>
    /// <param name="millivolts">One millivolt in the unit of each; 0 where it is not known.</param>
    /// <param name="rateHz">Samples per second.</param>
    public FetalEstimator(int[] channels, float[] millivolts, double rateHz)
    {
        (_channels, _rateHz) = (channels, rateHz);
        _leads = new AbdominalLeads(rateHz, channels.Length);
        _quality = new LeadQuality(rateHz, millivolts);
        _banks = [.. channels.Select(_ => new MaternalBank())];
    }

    /// <summary>Gets what a network would be asked about each window, where none is; null: not wanted.</summary>
    public FetalObserved? Observed { get; init; }

    /// <summary>Adds the estimates of <paramref name="window"/>, the fetus's by <paramref name="model"/> where there is one, and the beats
    /// that are said with it.</summary>
    public void Accept(in Window window, StageOutput output, FetalModel? model)
    {
        Take(window);
        var question = model is null || _leads.Length < FetalTiming.LeastSamples ? null : output.Ask(model);
        var (work, seconds) = (FetalWorkspace.OfThread, _origin < 0 ? 0 : (window.EndIndex - _origin) / _rateHz);
        Span<int> beats = stackalloc int[FetalTiming.MostBeats], fetal = stackalloc int[FetalTiming.MostBeats];
        var found = Find(work, beats, fetal, (long)Math.Floor((seconds - HorizonSeconds) * FetalTiming.RateHz), question?.Input ?? Observed?.Input);
        Emit(work, output, long.MaxValue);
        var verdict = _quality.Of(window);
        var (ofMother, ofFetus) = _verdict.Say(found, work, beats[..found.MotherCount], fetal[..found.FetalCount], verdict, seconds);
        output.Estimates.Add(ofMother);
        if (question is null)
            output.Estimates.Add(ofFetus.Classical);
        else
            question.Set(_windows == 1, ofFetus);
        if (Observed is not null)
            Observed.Taken = _leads.Length < FetalTiming.LeastSamples ? null : ofFetus;
        _quality.Forget(window.StartIndex);
    }

    /// <summary>The stream ends with the samples of <paramref name="tail"/>: adds the beats that are left.</summary>
    public void Finish(in Window tail, StageOutput output)
    {
        Take(tail);
        if (_origin < 0)
            return;
        _leads.Finish();
        var work = FetalWorkspace.OfThread;
        Span<int> beats = stackalloc int[FetalTiming.MostBeats], fetal = stackalloc int[FetalTiming.MostBeats];
        Find(work, beats, fetal, _leads.Count, default);
        Emit(work, output, tail.EndIndex);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _leads.Clear();
        _quality.Clear();
        Array.Clear(_mains);
        _mother.Clear();
        foreach (var bank in _banks)
            bank.Clear();
        _search.Clear();
        _readout.Clear();
        _verdict.Clear();
        (_origin, _windows, _bankedUntil) = (-1, 0, 0);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        _leads.Transfer(state);
        _quality.Transfer(state);
        foreach (ref var isOn in _mains.AsSpan())
            state.Value(ref isOn);
        _mother.Transfer(state);
        foreach (var bank in _banks)
            bank.Transfer(state);
        _search.Transfer(state);
        _readout.Transfer(state);
        _verdict.Transfer(state);
        state.Within(ref _origin, -1);
        state.Count(ref _windows);
        state.Count(ref _bankedUntil);
    }

    /// <summary>Finds both hearts' beats in the last 12 s, writes them and the network's <paramref name="input"/>, if it is not empty, and
    /// notes the marks before <paramref name="horizon"/>.</summary>
    private FoundHearts Find(FetalWorkspace work, Span<int> mother, Span<int> fetal, long horizon, Span<float> input)
    {
        work.Marks.Clear();
        var length = _leads.Length;
        if (length < FetalTiming.LeastSamples)
            return default;
        _windows++;
        var start = _leads.Count - length;
        var used = Choose();
        if (used == 0)
        {
            _readout.Say(default, default, default, start, horizon, work.Marks);
            if (!input.IsEmpty)
                FetalInput.WriteNone(length, input);
            return default;
        }
        var signals = Prepare(work, used);
        var motherCount = _mother.Find(signals, used, _windows % (_mother.Score > ClearMother ? 2 * WideSearch : WideSearch) == 1, work, mother);
        Cancel(work, signals, used, mother[..motherCount], start);
        var without = work.Copy(work.Residuals[0].Rows);
        Span<int> said = stackalloc int[FetalTiming.MostBeats];
        work.Tracking.Begin(length, mother[..motherCount], said[.._readout.Said(start, said)]);
        var hypothesis = work.Found;
        var isFound = _search.TryFind(work, used, _windows, length, hypothesis);
        var track = isFound ? hypothesis.Beats : default;
        if (isFound)
            FetalReadout.Place(work.Residuals[hypothesis.Variant].Finished(work.Level), track, fetal);
        FetalReadout.Place(signals, mother[..motherCount]);
        var found = new FoundHearts(length, used, motherCount, track.Length, isFound ? hypothesis.Score : BeatSearch.Nothing, isFound && hypothesis.Terms.IsWhole);
        var isInQuestion = found.AreInQuestion(mother, fetal);
        if (isInQuestion)
            found = found.Answer(mother, fetal, QrsSharpness.Of(without, fetal[..track.Length]) / QrsSharpness.Of(signals, mother[..motherCount]));
        if (!input.IsEmpty)
            work.Input.Write(work, mother[..found.MotherCount], fetal[..found.FetalCount], hypothesis, isInQuestion, input);
        _readout.Say(track, fetal[..found.FetalCount], mother[..found.MotherCount], start, horizon, work.Marks);
        return found;
    }

    private int Choose()
    {
        Span<float> sizes = stackalloc float[_channels.Length];
        var (used, largest) = (0, 0f);
        var valid = _leads.Valid;
        for (var l = 0; l < _channels.Length; l++)
        {
            var lead = _leads[l];
            int all = 0, now = 0;
            for (var i = 0; i < valid.Length; i++)
            {
                var bit = valid[i] >> l & 1;
                all += bit;
                now += i >= valid.Length - NowSamples ? bit : 0;
            }
            if (all <= ValidShare * valid.Length || now <= ValidShareNow * NowSamples)
                continue;
            sizes[l] = UsualSize(lead);
            largest = Math.Max(largest, sizes[l]);
        }
        for (var l = 0; l < sizes.Length; l++)
            used |= sizes[l] > LeastShareOfLargest * largest ? 1 << l : 0;
        return used;
    }

    /// <summary>Median of the absolute values, of every eighth of the samples.</summary>
    private static float UsualSize(ReadOnlySpan<float> samples)
    {
        Span<float> sizes = stackalloc float[(samples.Length + Sparse - 1) / Sparse];
        for (var i = 0; i < sizes.Length; i++)
            sizes[i] = Math.Abs(samples[i * Sparse]);
        return Medians.Of(sizes);
    }

    /// <summary>The leads in use without hum and impulses.</summary>
    private SignalRows Prepare(FetalWorkspace work, int used)
    {
        var signals = work.Signals(System.Numerics.BitOperations.PopCount((uint)used), _leads.Length);
        for (int l = 0, row = 0; l < _channels.Length; l++)
            if ((used >> l & 1) != 0)
                _leads[l].CopyTo(signals[row++]);
        work.Mains.Remove(signals, _mains, work.Level, look: _windows % MainsSearch == 1);
        var level = work.Candidate.AsSpan(0, signals.Length);
        for (int l = 0, row = 0; l < _channels.Length; l++)
        {
            if ((used >> l & 1) == 0)
                continue;
            var signal = signals[row++];
            ClearInvalid(l, signal);
            work.Level.RootMeanSquares(signal, FetalTiming.RateHz, level);
            var limit = ClipLevels * UsualSize(level);
            for (var i = 0; i < signal.Length; i++)
                signal[i] = Math.Clamp(signal[i], -limit, limit);
        }
        return signals;
    }

    /// <summary>Sets the samples that are not valid in the lead to 0.</summary>
    private void ClearInvalid(int lead, Span<float> signal)
    {
        var valid = _leads.Valid;
        for (var i = 0; i < signal.Length; i++)
            if ((valid[i] >> lead & 1) == 0)
                signal[i] = 0;
    }

    private void Cancel(FetalWorkspace work, SignalRows signals, int used, ReadOnlySpan<int> mother, long start)
    {
        var (one, three) = (work.Residuals[0].Begin(signals.Count, signals.Length), work.Residuals[1].Begin(signals.Count, signals.Length));
        var isFull = signals.Length == FetalTiming.WindowSamples;
        for (int l = 0, row = 0; l < _channels.Length; l++)
        {
            if ((used >> l & 1) == 0)
                continue;
            work.Cancellation.Subtract(signals[row], mother, start, _banks[l], one[row], three[row]);
            ClearInvalid(l, one[row]);
            ClearInvalid(l, three[row]);
            if (isFull && mother.Length >= 3)
                work.Cancellation.Keep(signals[row], mother.Length, KeepSamples, start, _banks[l], _bankedUntil);
            row++;
        }
        if (isFull)
            foreach (var at in mother)
                if (at >= MaternalBank.Before && at < KeepSamples)
                    _bankedUntil = Math.Max(_bankedUntil, start + at + FetalTiming.RateHz / 5);
    }

    private void Take(in Window window)
    {
        Span<float> blocks = stackalloc float[_channels.Length * Block];     // [leads x Block]
        var end = window.EndIndex;
        for (var index = end - window.NewSampleCount; index < end; index += Block)
        {
            var count = (int)Math.Min(Block, end - index);
            for (var l = 0; l < _channels.Length; l++)
            {
                var block = blocks.Slice(l * Block, count);
                if ((window.LeadOff >> _channels[l] & 1) != 0)
                    block.Fill(float.NaN);
                else
                    window.CopyPhysical(_channels[l], (int)(index - window.StartIndex), block);
                _quality.Take(l, index, block);
            }
            var skipped = 0;
            if (_origin < 0)
            {
                skipped = FirstThere(blocks, count);
                if (skipped == count)
                    continue;
                _origin = index + skipped;
            }
            _leads.Take(blocks[skipped..], Block, count - skipped);
        }
    }

    private int FirstThere(ReadOnlySpan<float> blocks, int count)
    {
        for (var i = 0; i < count; i++)
            for (var l = 0; l < _channels.Length; l++)
                if (float.IsFinite(blocks[l * Block + i]))
                    return i;
        return count;
    }

    private void Emit(FetalWorkspace work, StageOutput output, long end)
    {
        foreach (var (index, isFetal) in work.Marks)
        {
            var place = _origin + index * (_rateHz / FetalTiming.RateHz);
            if (place < end)
                output.Beats.Add(new Beat(place, SignalKind.FetalEcg, isFetal ? BeatKind.FetalQrs : BeatKind.Qrs));
        }
        work.Marks.Clear();
    }
}
