using Pipeline.Models.Estimators.Beats;
using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.Autoencoder;

/// <summary>
/// An LSTM autoencoder over the beats of a lead. Beside two LSTMs it has a recurrent mean of the beats so far, the patient's own form, into which each beat comes as much as a gate lets it. The reconstruction, trained on normal beats
/// alone: an encoder, an LSTM from beat to beat, and a decoder that adds to the form from what the LSTM knew before the beat and a few numbers of the encoding, so it can reconstruct a beat as the patient has them
/// and no other. The denoising, trained on all beats with noise added: encoder, LSTM and decoder of the same kind with the whole encoding, which say of each point how much of the form and of the noisy beat is kept.
/// <para>Input [B, 2 leads, 8 beats, 100] (<see cref="BeatRow"/>), state [B, 2 x 204] (h and c of both LSTMs, sum and weight of the form, two numbers that are handed on), output [B, 2, 8, 111].</para>
/// </summary>
public sealed class BeatAutoencoder : nn.Module
{
    private const int Numbers = BeatRow.InputNumbers, Points = BeatRow.Points, Encoding = BeatRow.EncodingLength;
    private const int Encoder = 32, Memory = 24, Narrow = 4;
    private const int NoisyEncoder = 40, NoisyEncoding = 24, NoisyMemory = 28, NoisyDecoder = 36, Keep = 6;
    private const int LeadState = 2 * Memory + 2 * NoisyMemory + Points + 1 + BeatRow.OwnNumbers;
    private const float FirstKeep = -2;         // a logit: little of the noisy beat to begin with
    private const double Share = 0.125;         // of a beat in the form, where the gate is open
    private const double Guard = 1e-3;          // of the form's weight

    private readonly Linear _encode1 = nn.Linear(Numbers - 1, Encoder), _encode2 = nn.Linear(Encoder, Encoding), _narrow = nn.Linear(Encoding, Narrow);
    private readonly LSTM _memory = nn.LSTM(Encoding, Memory);
    private readonly Linear _decode1 = nn.Linear(Memory + Narrow, Encoder), _decode2 = nn.Linear(Encoder, Points);
    private readonly Linear _noisy1 = nn.Linear(Numbers - 1, NoisyEncoder), _noisy2 = nn.Linear(NoisyEncoder, NoisyEncoding);
    private readonly LSTM _noisyMemory = nn.LSTM(NoisyEncoding, NoisyMemory);
    private readonly Linear _gate = nn.Linear(NoisyMemory + NoisyEncoding, 1);
    private readonly Linear _clean1 = nn.Linear(NoisyMemory + NoisyEncoding, NoisyDecoder), _clean2 = nn.Linear(NoisyDecoder, Points);
    private readonly Linear _keep1 = nn.Linear(NoisyDecoder, Keep), _keepForm = nn.Linear(Keep, Points), _keepBeat = nn.Linear(Keep, Points), _levels = nn.Linear(NoisyDecoder, 2);

    /// <summary>Starts with random weights.</summary>
    public BeatAutoencoder()
        : base(nameof(BeatAutoencoder))
    {
        RegisterComponents();
        using var still = no_grad();
        _keepBeat.bias!.fill_(FirstKeep);
    }

    /// <summary>Floats of state.</summary>
    public const int StateLength = BeatRow.Leads * LeadState;

    /// <summary>Multiplications and additions of a window; those of activations are left out.</summary>
    public static long Flop => 2L * BeatRow.Leads * BeatRow.Slots * (
        (Numbers - 1) * (Encoder + NoisyEncoder) + Encoder * Encoding + Encoding * Narrow + NoisyEncoder * NoisyEncoding
        + 4 * Memory * (Encoding + Memory) + 4 * NoisyMemory * (NoisyEncoding + NoisyMemory)
        + (Memory + Narrow) * Encoder + Encoder * Points + (NoisyMemory + NoisyEncoding) * (NoisyDecoder + 1)
        + NoisyDecoder * (Points + Keep + 2) + 2 * Keep * Points + 6 * Points);

    /// <summary>Reconstructions [beats, sequences, 97] of [beats, sequences, 100], each from what was known before its beat and the narrow encoding.</summary>
    public Tensor Reconstruct(Tensor beats)
    {
        ArgumentNullException.ThrowIfNull(beats);
        var encoding = _encode2.forward(_encode1.forward(beats.narrow(2, 1, Numbers - 1)).relu());
        var (known, _, _) = _memory.forward(encoding);
        var (noisy, noisyKnown) = Encode(beats);
        // The gate learns of it, what it looks at does not.
        return Forms(beats, noisy.detach(), noisyKnown.detach()) + _decode2.forward(_decode1.forward(cat([Before(known), _narrow.forward(encoding)], 2)).relu());
    }

    /// <summary>Clean waves [beats, sequences, 97] of noisy beats [beats, sequences, 100].</summary>
    public Tensor Denoise(Tensor beats)
    {
        ArgumentNullException.ThrowIfNull(beats);
        var (encoding, known) = Encode(beats);
        var hidden = _clean1.forward(cat([known, encoding], 2)).relu();
        var (keep, levels, wave) = (_keep1.forward(hidden), _levels.forward(hidden), _clean2.forward(hidden));
        wave = wave + _keepForm.forward(keep).sigmoid() * (Forms(beats, encoding, known) + levels.narrow(2, 0, 1) - wave);
        return wave + _keepBeat.forward(keep).sigmoid() * (beats.narrow(2, Numbers - Points, Points) + levels.narrow(2, 1, 1) - wave);
    }

    /// <summary>The network as an ONNX file, one window with state in and out.</summary>
    public byte[] ToOnnx()
    {
        using var scope = NewDisposeScope();
        var graph = new OnnxGraph("ecg_autoencoder");
        const int slots = BeatRow.Slots;
        var rows = graph.Reshape(graph.Input("input", BeatRow.Leads, slots, Numbers), -1, Numbers);             // [B x leads x slots, 100]
        var state = graph.Reshape(graph.Input("state", StateLength), -1, LeadState);
        var at = 0;
        string Next(int length) => graph.Slice(state, 1, at, at += length);
        string[] states = [Next(Memory), Next(Memory), Next(NoisyMemory), Next(NoisyMemory), Next(Points), Next(1), Next(BeatRow.OwnNumbers)];
        var there = graph.Reshape(graph.Slice(rows, 1, 0, 1), -1, slots);                                       // [B x leads, slots]
        var (beats, points) = (graph.Slice(rows, 1, 1, Numbers), graph.Slice(rows, 1, Numbers - Points, Numbers));

        var noisy = Linear(graph, graph.Relu(Linear(graph, beats, _noisy1)), _noisy2);
        var (noisyBefore, known, noisyH, noisyC) = Remember(graph, _noisyMemory, noisy, there, states[2], states[3], NoisyMemory);
        var gate = graph.Mul(graph.Unary("Sigmoid", Linear(graph, graph.Concat(1, noisyBefore, noisy), _gate)), graph.Scalar(Share));
        var (forms, sum, weight) = Forms(graph, points, graph.Mul(graph.Reshape(gate, -1, slots), there), states[4], states[5]);

        var encoding = Linear(graph, graph.Relu(Linear(graph, beats, _encode1)), _encode2);
        var (before, _, h, c) = Remember(graph, _memory, encoding, there, states[0], states[1], Memory);
        var decoded = graph.Add(forms, Linear(graph, graph.Relu(Linear(graph, graph.Concat(1, before, Linear(graph, encoding, _narrow)), _decode1)), _decode2));
        var off = graph.Sub(points, decoded);
        var errors = graph.Linear(graph.Mul(off, off), tensor(Sections, [2, Points]), null);

        var hidden = graph.Relu(Linear(graph, graph.Concat(1, known, noisy), _clean1));
        var (keep, levels, wave) = (Linear(graph, hidden, _keep1), Linear(graph, hidden, _levels), Linear(graph, hidden, _clean2));
        string Kept(Linear share, string other, int level) => graph.Add(wave, graph.Mul(
            graph.Unary("Sigmoid", Linear(graph, keep, share)), graph.Sub(graph.Add(other, graph.Slice(levels, 1, level, level + 1)), wave)));
        wave = Kept(_keepForm, forms, 0);
        wave = Kept(_keepBeat, points, 1);
        graph.Output("output", graph.Reshape(graph.Concat(1, errors, wave, encoding), -1, BeatRow.OutputLength), BeatRow.OutputLength);
        graph.Output("next_state", graph.Reshape(graph.Concat(1, h, c, noisyH, noisyC, sum, weight, states[6]), -1, StateLength), StateLength);
        return graph.ToBytes();
    }

    /// <summary>[2, 97]: the mean over the whole beat without its ends, where neighbours begin, and over its QRS complex.</summary>
    internal static float[] Sections { get; } = [.. Section(BeatSection.Whole), .. Section(BeatSection.Qrs)];

    private static IEnumerable<float> Section(BeatSection section) =>
        Enumerable.Range(0, Points).Select(p => p / 2 >= section.First && p / 2 < section.First + section.Count ? 1f / (2 * section.Count) : 0);

    private (Tensor Encoding, Tensor Known) Encode(Tensor beats)
    {
        var encoding = _noisy2.forward(_noisy1.forward(beats.narrow(2, 1, Numbers - 1)).relu());
        var (known, _, _) = _noisyMemory.forward(encoding);
        return (encoding, known);
    }

    /// <summary>What was known before each beat.</summary>
    private static Tensor Before(Tensor known) => cat([zeros_like(known.narrow(0, 0, 1)), known.narrow(0, 0, known.size(0) - 1)], 0);

    /// <summary>The patient's form before each beat, [beats, sequences, 97]; zeros before the first.</summary>
    private Tensor Forms(Tensor beats, Tensor encoding, Tensor known)
    {
        var shares = (_gate.forward(cat([Before(known), encoding], 2)).sigmoid() * Share * beats.narrow(2, 0, 1)).unbind(0);
        var points = beats.narrow(2, Numbers - Points, Points).unbind(0);
        var (sum, weight) = (zeros_like(points[0]), zeros_like(shares[0]));
        var forms = new List<Tensor>();
        for (var k = 0; k < points.Length; k++)
        {
            forms.Add(sum / (weight + Guard));
            sum = sum + shares[k] * (points[k] - sum);
            weight = weight + shares[k] * (1 - weight);
        }
        return stack(forms, 0);
    }

    private static (string Forms, string Sum, string Weight) Forms(OnnxGraph graph, string points, string shares, string sum, string weight)
    {
        const int slots = BeatRow.Slots;
        var beats = graph.Reshape(points, -1, slots * Points);
        var forms = new string[slots];
        for (var slot = 0; slot < slots; slot++)
        {
            var share = graph.Slice(shares, 1, slot, slot + 1);
            forms[slot] = graph.Div(sum, graph.Add(weight, graph.Scalar(Guard)));
            sum = graph.Add(sum, graph.Mul(share, graph.Sub(graph.Slice(beats, 1, slot * Points, (slot + 1) * Points), sum)));
            weight = graph.Add(weight, graph.Mul(share, graph.Sub(graph.Scalar(1), weight)));
        }
        return (graph.Reshape(graph.Concat(1, forms), -1, Points), sum, weight);
    }

    private static string Linear(OnnxGraph graph, string x, Linear layer) => graph.Linear(x, layer.weight, layer.bias!);

    /// <summary>The LSTM over the slots; one without a beat leaves it as it is. What it knew before and with each beat, [B x leads x slots, hidden], and its last h and c.</summary>
    private static (string Before, string With, string H, string C) Remember(OnnxGraph graph, LSTM lstm, string encoding, string there, string h, string c, int hidden)
    {
        const int slots = BeatRow.Slots;
        var weights = lstm.parameters().ToList();
        var length = weights[0].shape[1];
        var steps = graph.Reshape(encoding, -1, slots * length);
        string[] before = new string[slots], with = new string[slots];
        for (var slot = 0; slot < slots; slot++)
        {
            before[slot] = h;
            var (nextH, nextC) = graph.LstmStep(graph.Slice(steps, 1, slot * length, (slot + 1) * length), h, c, weights[0], weights[1], weights[2], weights[3]);
            var mask = graph.Slice(there, 1, slot, slot + 1);
            h = graph.Add(h, graph.Mul(mask, graph.Sub(nextH, h)));
            c = graph.Add(c, graph.Mul(mask, graph.Sub(nextC, c)));
            with[slot] = h;
        }
        string All(string[] each) => graph.Reshape(graph.Concat(1, each), -1, hidden);
        return (All(before), All(with), h, c);
    }
}
