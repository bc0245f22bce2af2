using System.Numerics.Tensors;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;

namespace Pipeline.Training.Explanation;

/// <summary>
/// Says what in a window carried a heart-rate network's answer, by forward passes of the network as it is served: no gradients, so no libtorch, and any package will do.
/// <list type="bullet">
/// <item><description><b>Occlusion</b> (Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53): a part of the input is replaced by what says nothing about the rate, and the answer's log-odds
/// compared. In spectra that is the row's own mean, in the classical likelihood the likelihood that all rates share.</description></item>
/// <item><description><b>Integrated gradients</b> (Sundararajan, Taly and Yan 2017, arXiv:1703.01365) along the straight line from that input to the real one, 8 points. The gradient along a group of
/// inputs is a central difference, as exact as float32 allows.</description></item>
/// <item><description><b>Grad-CAM on the encoder's features</b>, without the mean over positions (HiResCAM, Draelos and Carin 2020, arXiv:2011.08891): features times their gradients, summed over channels, where
/// positive. That is the derivative when the features at a rate become stronger: two passes a rate. The mean of Grad-CAM (Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74) is for networks that tell what is
/// there, wherever it is; here the place is the answer, and what is added everywhere alike favours no rate.</description></item>
/// </list>
/// All are of this window, in the state in which it was asked. 345 passes for occlusion, 4,250 more for the other two. One thread at a time.
/// </summary>
public sealed class RateExplainer : IDisposable
{
    /// <summary>Half the width of an occluded band, in rates of 2.5 per minute.</summary>
    public const int BandReach = 2;

    private const int Rates = RateFeatures.RateCount, InputLength = RateFeatures.InputRowCount * Rates;
    private const int AnswerReach = 3;          // of RateReadout
    private const int Batch = 64;
    private const double Nudge = 0.02;          // of inputs about 1 wide; smaller ones drown in float32
    private const double Guard = 1e-9;

    // Gauss and Legendre's 8 points of the line from 0 to 1: the log-odds bend most near the end, and 8 midpoints missed a tenth of the sum.
    private static readonly (double Along, double Weight)[] Path =
    [
        .. new[] { (0.1834346424956498, 0.3626837833783620), (0.5255324099163290, 0.3137066458778873), (0.7966664774136267, 0.2223810344533745), (0.9602898564975363, 0.1012285362903763) }
            .SelectMany(one => new[] { ((1 - one.Item1) / 2, one.Item2 / 2), ((1 + one.Item1) / 2, one.Item2 / 2) }),
    ];

    private static readonly float FlatLikelihood =
        (float)(RateFeatures.LogLikelihood.Factor * Math.Log(1 + RateFeatures.LogLikelihood.Floor) + RateFeatures.LogLikelihood.Offset);

    private readonly OnnxSession _session;
    private readonly bool _hasFeatures;
    private readonly float[] _input = new float[InputLength], _flat = new float[InputLength], _state, _noState;
    private int _best;

    /// <summary>Opens a package for explaining.</summary>
    /// <exception cref="InvalidDataException">It is no network of <see cref="RateFeatures"/>.</exception>
    public RateExplainer(ModelPackage package)
        : this(Checked(package).Network.Span)
    {
    }

    /// <summary>Opens the bytes of a <c>model.onnx</c>.</summary>
    internal RateExplainer(ReadOnlySpan<byte> network)
    {
        var graph = ExplainedGraph.Of(network, RateFeatures.InputRowCount, Rates);
        _hasFeatures = graph.HasFeatures;
        try
        {
            _session = new OnnxSession(graph.Model, [Batch]);
        }
        catch (InvalidDataException) when (_hasFeatures)
        {
            (_session, _hasFeatures) = (new OnnxSession(network.ToArray(), [Batch]), false);      // its features are not a row a rate
        }
        (_state, _noState) = (new float[_session.StateLength], new float[_session.StateLength]);
    }

    /// <summary>Whether the package is a network that can be explained: one of <see cref="RateFeatures"/> for heart rate.</summary>
    public static bool Takes(ModelPackage package) =>
        package is { Manifest: { Task: RateModel.Task, Features: RateFeatures.Name, InputLength: InputLength } };

    /// <summary>Explains a window: input [14 x 85] and the state in which it was asked; all methods, or occlusion alone.</summary>
    public RateExplanation Explain(ReadOnlySpan<float> input, ReadOnlySpan<float> state, bool withGradients = true)
    {
        input.CopyTo(_input);
        state.CopyTo(_state);
        Flatten();
        var sources = RateSource.All;
        Forward(_input, _state);
        _best = TensorPrimitives.IndexOfMax(_session.Output[..Rates]);
        var (rate, odds) = (RateReadout.Read(_session.Output[..Rates]).Rate, LogOdds(0));
        Forward(_flat, _state);
        var nothing = LogOdds(0);
        Forward(_input, _noState);
        var alone = LogOdds(0);
        var explanation = new RateExplanation(
            rate, odds,
            [.. sources.Select(source => Occluded(source.Rows, odds))], Occluded([.. sources.SelectMany(source => source.Rows)], odds),
            [.. sources.Select(source => Without(source.Rows, odds))], odds - alone)
        {
            LogOddsOfNothing = nothing,
        };
        return withGradients ? explanation with { Gradients = [.. sources.Select(source => Integrated(source.Rows))], Activation = _hasFeatures ? Activated() : [] } : explanation;
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private static ModelPackage Checked(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        return Takes(package) ? package : throw new InvalidDataException(
            $"{package.Identity} takes '{package.Manifest.Features}' for the task '{package.Manifest.Task}'; explained are networks of '{RateFeatures.Name}' for '{RateModel.Task}'.");
    }

    private void Flatten()
    {
        _input.CopyTo(_flat, 0);
        foreach (var row in RateSource.All.SelectMany(source => source.Rows))
        {
            var own = _input.AsSpan(row * Rates, Rates);
            _flat.AsSpan(row * Rates, Rates).Fill(row == RateFeatures.LikelihoodRow ? FlatLikelihood : TensorPrimitives.Sum<float>(own) / Rates);
        }
    }

    private double[] Occluded(IReadOnlyList<int> rows, double odds)
    {
        var lost = new double[Rates];
        Passes(Rates, (k, x) =>
        {
            foreach (var row in rows)
                for (var j = Math.Max(0, k - BandReach); j <= Math.Min(Rates - 1, k + BandReach); j++)
                    x[row * Rates + j] = _flat[row * Rates + j];
        }, (k, logOdds) => lost[k] = odds - logOdds);
        return lost;
    }

    private double Without(IReadOnlyList<int> rows, double odds)
    {
        double left = 0;
        Passes(1, (_, x) =>
        {
            foreach (var row in rows)
                _flat.AsSpan(row * Rates, Rates).CopyTo(x[(row * Rates)..]);
        }, (_, logOdds) => left = logOdds);
        return odds - left;
    }

    /// <summary>The rows at each rate: mean over the path of the derivative along (input − flat) of these inputs alone.</summary>
    private double[] Integrated(IReadOnlyList<int> rows)
    {
        var sum = new double[Rates];
        foreach (var (along, weight) in Path)
            Passes(2 * Rates, (i, x) =>
            {
                for (var j = 0; j < InputLength; j++)
                    x[j] = _flat[j] + (float)along * (_input[j] - _flat[j]);
                foreach (var row in rows)
                    x[row * Rates + i / 2] += (i % 2 == 0 ? 1 : -1) * (float)Nudge * (_input[row * Rates + i / 2] - _flat[row * Rates + i / 2]);
            }, (i, logOdds) => sum[i / 2] += (i % 2 == 0 ? weight : -weight) * logOdds / (2 * Nudge));
        return sum;
    }

    private double[] Activated()
    {
        var map = new double[Rates];
        Passes(2 * Rates, (i, x) => x[InputLength + i / 2] = (i % 2 == 0 ? 1 : -1) * (float)Nudge, (i, logOdds) => map[i / 2] += (i % 2 == 0 ? 1 : -1) * logOdds / (2 * Nudge));
        return [.. map.Select(one => Math.Max(0, one))];
    }

    /// <summary>So many passes from the window's input and state: each is changed first, and its log-odds read.</summary>
    private void Passes(int count, Change change, Action<int, double> read)
    {
        var width = _session.InputLength;
        for (var first = 0; first < count; first += Batch)
        {
            var rows = Math.Min(Batch, count - first);
            for (var r = 0; r < rows; r++)
            {
                var row = _session.Input.Slice(r * width, width);
                row.Clear();
                _input.CopyTo(row);
                change(first + r, row);
                _state.CopyTo(_session.State[(r * _state.Length)..]);
            }
            _session.Run(rows);
            for (var r = 0; r < rows; r++)
                read(first + r, LogOdds(r));
        }
    }

    private void Forward(float[] input, float[] state)
    {
        _session.Input[.._session.InputLength].Clear();
        input.CopyTo(_session.Input);
        state.CopyTo(_session.State);
        _session.Run(1);
    }

    private double LogOdds(int row)
    {
        var belief = _session.Output.Slice(row * _session.OutputLength, Rates);
        double mass = Guard, rest = Guard;
        for (var k = 0; k < Rates; k++)
            if (Math.Abs(k - _best) <= AnswerReach)
                mass += belief[k];
            else
                rest += belief[k];
        return Math.Log(mass / rest);
    }

    private delegate void Change(int index, Span<float> input);
}
