using Pipeline.Models.Features;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate;

/// <summary>
/// Heart rate from spectra: a convolutional encoder over the rate axis, an LSTM over windows that judges how far the present window's
/// evidence can be trusted (the encoder's and the classical estimator's, each on its own), and a Bayes filter over rates whose belief is
/// carried from window to window. What one window can say is bounded, so that no window alone makes a rate impossible. Beside it runs a
/// filter without any learned weight, on the classical evidence alone: the answer is a mixture of both, so what the network learnt of its
/// sensors and movements cannot alone lead it astray on others.
/// <para>Of a PPG (<see cref="RateFeatures"/>) or, with other rows, of a fetus (<see cref="FetalFeatures"/>). Input [B, rows, 85], state
/// [B, 2 x 85 + 2 x 16] (belief and plain belief less the uniform one, LSTM h and c; zero at the start), output [B, 85 + 1]: probability of each rate, and the chance that the estimate is within 5 bpm.</para>
/// </summary>
public sealed partial class RateNetwork : RateArchitecture
{
    /// <summary>Hidden units of the LSTM.</summary>
    public const int Hidden = 16;

    /// <summary>Floats of state.</summary>
    public const int StateLength = 2 * Rates + 2 * Hidden;

    /// <summary>Multiplications and additions of one hop; those of activations are left out.</summary>
    public override long Flop => 2L * (
        Rates * Channels * (7L * _rows + 7 * Channels + 5 * Channels + 5)                        // encoder and evidence
        + 2 * Rates * (2 * KernelReach + 1)                                                      // motion of both beliefs
        + Rates * (long)MixTaps * (MixChannels * (Channels + 1) + MixChannels)                   // correction
        + 4L * Hidden * (2 * Channels + 1 + Hidden) + 4 * Hidden + 5 * Rates);                   // LSTM and its heads

    private const int Rates = RateFeatures.RateCount;
    private const int Channels = 16;
    private const int KernelReach = 10;      // rates to either side that a heart rate may move in one hop: 25 bpm in 2 s
    private const int MixChannels = 8;
    private const int MixTaps = 5;
    private const double BeliefGuard = 1e-8;
    private const double MostEvidence = 1;   // of the logarithm of a window's evidence, before the LSTM weighs it
    private const double MostWeight = 0.35;  // of the logarithm of the LSTM's weights
    private const double ClassicalFloor = 4; // of the mean likelihood: no window may say more than this against a rate

    private const double PlainShare = 0.3;   // of the answer
    private const double PlainLeak = 2e-4;
    private const double PlainScale = 1.25;  // rates: of the two-sided exponential by which the plain belief moves in one hop

    private const double VarianceGuard = 1e-4;

    /// <summary>The rates from −1 to 1.</summary>
    private static readonly float[] Axis = [.. Enumerable.Range(0, Rates).Select(k => (2f * k - (Rates - 1)) / (Rates - 1))];

    /// <summary>[1, 1, 21]: how the plain belief moves.</summary>
    private static readonly float[] PlainKernel =
        Normalised([.. Enumerable.Range(-KernelReach, 2 * KernelReach + 1).Select(j => (float)Math.Exp(-Math.Abs(j) / PlainScale))]);

    private static readonly long[] MotionIndex = BandIndex(1, 1, 2 * KernelReach + 1);
    private static readonly long[] Mix1Index = BandIndex(MixChannels, 1, MixTaps);
    private static readonly long[] Mix2Index = BandIndex(1, MixChannels, MixTaps);

    private readonly int _rows;
    private readonly Conv1d _conv1;
    private readonly Conv1d _conv2;
    private readonly Conv1d _conv3;
    private readonly Conv1d _observe;
    private readonly Conv1d _mix1;
    private readonly Conv1d _mix2;
    private readonly LSTM _memory;
    private readonly Linear _gate;    // weight of the encoder's evidence, leak, weight of the classical evidence
    private readonly Linear _trust;
    private readonly Parameter _kernel;
    private readonly Parameter _leak;
    private readonly Parameter _weights;                     // of the encoder's evidence, the prior, the classical evidence

    /// <summary>Starts as a plain filter: the gates and the correction begin at zero.</summary>
    /// <param name="rows">Rows of a window's input.</param>
    public RateNetwork(int rows = RateFeatures.InputRowCount)
        : base(nameof(RateNetwork), StateLength)
    {
        _rows = rows;
        // The order decides which random numbers each gets.
        _conv1 = nn.Conv1d(rows, Channels, 7, padding: 3);
        _conv2 = nn.Conv1d(Channels, Channels, 7, padding: 3);
        _conv3 = nn.Conv1d(Channels, Channels, 5, padding: 6, dilation: 3);
        _observe = nn.Conv1d(Channels, 1, 5, padding: 2);
        _mix1 = nn.Conv1d(Channels + 1, MixChannels, MixTaps, padding: MixTaps / 2);
        _mix2 = nn.Conv1d(MixChannels, 1, MixTaps, padding: MixTaps / 2);
        _memory = nn.LSTM(2 * Channels + 1, Hidden);
        _gate = nn.Linear(Hidden, 3);
        _trust = nn.Linear(Hidden + 2, 1);
        var start = new float[2 * KernelReach + 1];
        for (var j = 0; j < start.Length; j++)
            start[j] = -0.5f * Math.Abs(j - KernelReach);
        _kernel = new Parameter(tensor(start));
        _leak = new Parameter(tensor([-4f]));
        _weights = new Parameter(tensor([0.5f, 1f, 1f]));
        Register();
        using var still = no_grad();
        foreach (var zero in new[] { _mix2.weight, _mix2.bias!, _gate.weight, _gate.bias! })
            zero.zero_();
    }

    private void Register()
    {
        register_parameter("kernel", _kernel);
        register_parameter("leak", _leak);
        register_parameter("weights", _weights);
        register_module("conv1", _conv1);
        register_module("conv2", _conv2);
        register_module("conv3", _conv3);
        register_module("observe", _observe);
        register_module("mix1", _mix1);
        register_module("mix2", _mix2);
        register_module("memory", _memory);
        register_module("gate", _gate);
        register_module("trust", _trust);
    }

    /// <summary>The belief is both filters' at first, and the LSTM knows nothing.</summary>
    public override Tensor Start(Tensor belief)
    {
        var (known, plain, h, c) = RateState.From(belief);
        return cat([known, plain, h, c], 1);
    }

    /// <inheritdoc/>
    /// <remarks>The state is (belief, plain belief, h, c); in ONNX the uniform belief is taken off.</remarks>
    public override RateAnswers Forward(Tensor input, Tensor state)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(state);
        var (streams, windows) = ((int)input.size(0), (int)input.size(1));
        var seen = Encode(input.reshape(streams * windows, _rows, Rates)).Windows(streams, windows);
        var filter = Filter();
        var parts = state.split([Rates, Rates, Hidden, Hidden], 1);
        var carried = new RateState(parts[0], parts[1], parts[2], parts[3]);
        var answers = new RateAnswer[windows];
        for (var w = 0; w < windows; w++)
        {
            answers[w] = Step(filter, seen[w], carried);
            carried = answers[w].Next;
        }
        Tensor All(Func<RateAnswer, Tensor> part) => stack([.. answers.Select(part)], 1);
        return new RateAnswers(
            All(a => a.Logits), All(a => a.Answer), All(a => a.Trust).squeeze(2),
            cat([carried.Belief, carried.Plain, carried.H, carried.C], 1));
    }

    /// <summary>All that does not depend on the state, for any number of windows at once: [N, rows, 85].</summary>
    public RateEvidence Encode(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var h = _conv2.forward(_conv1.forward(input).relu()).relu();
        h = h + _conv3.forward(h).relu();
        var evidence = Bounded(_observe.forward(h).squeeze(1));
        var lstm = _memory.parameters().ToList();
        return new RateEvidence(
            nn.functional.conv1d(h, _mix1.weight.narrow(1, 0, Channels), _mix1.bias!, padding: MixTaps / 2)
                .reshape(-1, MixChannels * Rates),
            evidence,
            evidence.softmax(1),
            nn.functional.linear(cat([h.mean([2]), h.max(2).values], 1), lstm[0].narrow(1, 0, 2 * Channels), lstm[2] + lstm[3]),
            ((input.narrow(1, RateFeatures.LikelihoodRow, 1).squeeze(1) - RateFeatures.LogLikelihood.Offset)
                * (1 / RateFeatures.LogLikelihood.Factor)).exp() + (ClassicalFloor - RateFeatures.LogLikelihood.Floor));
    }

    /// <summary>
    /// The convolutions along the belief as matrices, which are faster on few rows; for as many hops as the parameters stay as they are.
    /// </summary>
    public RateFilter Filter()
    {
        var lstm = _memory.parameters().ToList();
        return new RateFilter(
            Banded(_kernel.softmax(0).reshape(1, 1, -1), MotionIndex), Banded(_mix1.weight.narrow(1, Channels, 1), Mix1Index),
            Banded(_mix2.weight, Mix2Index),
            Banded(tensor(PlainKernel, [1, 1, PlainKernel.Length]).to(_kernel.device), MotionIndex),
            lstm[0].narrow(1, 2 * Channels, 1).t(), lstm[1].t());
    }

    /// <summary>One hop for the windows <paramref name="seen"/> [B, ...] and the state before it.</summary>
    public RateAnswer Step(RateFilter filter, RateEvidence seen, RateState state)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(seen);
        ArgumentNullException.ThrowIfNull(state);
        var moved = state.Belief.matmul(filter.Motion);
        var surprise = ((moved * seen.Likely).sum(1, true) + BeliefGuard).log();
        var (h, c) = Remember(seen.Gates + state.H.matmul(filter.Recurrent) + surprise * filter.Surprise, state.C);
        var gate = _gate.forward(h);
        var leak = (gate.narrow(1, 1, 1) + _leak).sigmoid();
        var prior = ((moved * (1 - leak)) + (leak * (1.0 / Rates) + BeliefGuard)).log();
        var mixed = ((prior * 0.2 + 1).matmul(filter.Mix1) + seen.Hidden).relu().matmul(filter.Mix2) + _mix2.bias!;
        var logits = seen.Encoded * Weight(gate, 0, 0) + prior * _weights.narrow(0, 1, 1) + Bounded(mixed)
            + seen.Classical.log() * Weight(gate, 2, 2);
        var belief = logits.softmax(1);
        var plain = Plain(filter, seen, state);
        var answer = belief.detach() * (1 - PlainShare) + plain * PlainShare;
        return new RateAnswer(logits, answer, _trust.forward(cat([h, Shape(answer)], 1)), new RateState(belief, plain, h, c));
    }

    /// <summary>The filter that learns nothing: Bayes' rule on the classical evidence.</summary>
    private static Tensor Plain(RateFilter filter, RateEvidence seen, RateState state)
    {
        var weighed = (state.Plain.matmul(filter.Plain) * (1 - PlainLeak) + (PlainLeak / Rates)) * seen.Classical;
        return weighed / weighed.sum(1, true);
    }

    /// <summary>How narrow a belief is, [B, 2]: the logarithms of its sum of squares and of its variance.</summary>
    private static Tensor Shape(Tensor belief)
    {
        var axis = tensor(Axis).to(belief.device);
        var mean = (belief * axis).sum(1, true);
        var variance = (belief * axis * axis).sum(1, true) - mean * mean;
        return cat([(belief * belief).sum(1, true).log(), (variance.relu() + VarianceGuard).log()], 1);
    }

    private static float[] Normalised(float[] weights) => [.. weights.Select(w => w / weights.Sum())];

    private static Tensor Bounded(Tensor x) => (x * (1 / MostEvidence)).tanh() * MostEvidence;

    private Tensor Weight(Tensor gate, int unit, int weight) =>
        gate.narrow(1, unit, 1).clamp(-MostWeight, MostWeight).exp() * _weights.narrow(0, weight, 1);

    /// <summary>LSTM from its gates before the functions, [B, 4 x hidden] in PyTorch's order.</summary>
    private static (Tensor H, Tensor C) Remember(Tensor gates, Tensor c)
    {
        var open = gates.sigmoid();
        var next = open.narrow(1, Hidden, Hidden) * c + open.narrow(1, 0, Hidden) * gates.narrow(1, 2 * Hidden, Hidden).tanh();
        return (open.narrow(1, 3 * Hidden, Hidden) * next.tanh(), next);
    }

    /// <summary>
    /// The matrix [in x 85, out x 85] that multiplies a row as the zero-padded convolution by <paramref name="weight"/> [out, in, taps]
    /// does.
    /// </summary>
    private static Tensor Banded(Tensor weight, long[] index)
    {
        var (outputs, inputs) = (weight.size(0), weight.size(1));
        var places = cat([weight.reshape(-1), zeros(1).to(weight.device)], 0).index_select(0, tensor(index).to(weight.device));
        return places.reshape(inputs * Rates, outputs * Rates);
    }

    /// <summary>For each place of the matrix the weight that stands there; one past the last weight for none.</summary>
    private static long[] BandIndex(int outputs, int inputs, int taps)
    {
        var index = new long[inputs * Rates * outputs * Rates];
        for (var i = 0; i < inputs * Rates; i++)
            for (var o = 0; o < outputs * Rates; o++)
            {
                var tap = i % Rates - o % Rates + taps / 2;
                index[i * outputs * Rates + o] =
                    tap >= 0 && tap < taps ? (o / Rates * inputs + i / Rates) * taps + tap : outputs * inputs * taps;
            }
        return index;
    }
}

/// <summary>What <see cref="RateNetwork.Encode"/> makes of windows, one row each.</summary>
/// <param name="Hidden">[N, 8 x 85]: the encoder's part of the correction.</param>
/// <param name="Encoded">[N, 85]: the encoder's evidence, bounded logits.</param>
/// <param name="Likely">[N, 85]: the same as probabilities.</param>
/// <param name="Gates">[N, 4 x 16]: the encoder's part of the LSTM's gates.</param>
/// <param name="Classical">[N, 85]: the classical likelihood, in units of its mean, and a floor.</param>
public sealed record RateEvidence(Tensor Hidden, Tensor Encoded, Tensor Likely, Tensor Gates, Tensor Classical)
{
    /// <summary>Of [<paramref name="sequences"/> x <paramref name="windows"/>] rows, for each window those of all sequences.</summary>
    public IReadOnlyList<RateEvidence> Windows(int sequences, int windows)
    {
        Tensor[] Cut(Tensor all) => [.. all.reshape(sequences, windows, -1).unbind(1)];
        var (hidden, encoded, likely, gates, classical) = (Cut(Hidden), Cut(Encoded), Cut(Likely), Cut(Gates), Cut(Classical));
        return [.. Enumerable.Range(0, windows).Select(w => new RateEvidence(hidden[w], encoded[w], likely[w], gates[w], classical[w]))];
    }
}

/// <summary>The parameters of <see cref="RateNetwork.Step"/> as matrices.</summary>
/// <param name="Motion">[85, 85]: how a belief moves in one hop.</param>
/// <param name="Mix1">[85, 8 x 85]: the prior's part of the correction.</param>
/// <param name="Mix2">[8 x 85, 85]: its second layer.</param>
/// <param name="Plain">[85, 85]: how the plain belief moves in one hop.</param>
/// <param name="Surprise">[1, 4 x 16]: from the agreement of evidence and belief to the LSTM's gates.</param>
/// <param name="Recurrent">[16, 4 x 16]: from h to the LSTM's gates.</param>
public sealed record RateFilter(Tensor Motion, Tensor Mix1, Tensor Mix2, Tensor Plain, Tensor Surprise, Tensor Recurrent);

/// <summary>What <see cref="RateNetwork"/> carries from window to window, one row a stream.</summary>
/// <param name="Belief">[B, 85]: probability of each rate.</param>
/// <param name="Plain">[B, 85]: the same by the filter that learns nothing.</param>
/// <param name="H">[B, 16]: the LSTM's output.</param>
/// <param name="C">[B, 16]: the LSTM's memory.</param>
public sealed record RateState(Tensor Belief, Tensor Plain, Tensor H, Tensor C)
{
    /// <summary>Streams of which nothing is known but <paramref name="belief"/>.</summary>
    public static RateState From(Tensor belief)
    {
        ArgumentNullException.ThrowIfNull(belief);
        Tensor Zeros() => zeros(belief.size(0), RateNetwork.Hidden).to(belief.device);
        return new RateState(belief, belief, Zeros(), Zeros());
    }
}

/// <summary>What <see cref="RateNetwork.Step"/> says of a window.</summary>
/// <param name="Logits">[B, 85]: the learned filter's belief, before the softmax.</param>
/// <param name="Answer">[B, 85]: probability of each rate, by both filters; without gradient.</param>
/// <param name="Trust">[B, 1]: logit of the chance that the answer is within 5 per minute.</param>
/// <param name="Next">What is carried on.</param>
public sealed record RateAnswer(Tensor Logits, Tensor Answer, Tensor Trust, RateState Next);
