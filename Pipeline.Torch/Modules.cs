using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A leaf tensor that is trained. Owned by its module: no dispose scope frees it.</summary>
public sealed class Parameter : Tensor
{
    public Parameter(Tensor tensor)
        : base(Own(tensor), scoped: false) => requires_grad_();

    /// <summary>Itself.</summary>
    public Tensor Tensor => this;

    /// <summary>Takes another tensor's numbers and place, itself staying the same parameter.</summary>
    internal void Replace(Tensor tensor)
    {
        var before = Handle;
        Handle = new TensorHandle(Own(tensor));
        before.Dispose();
        requires_grad_();
    }

    private static nint Own(Tensor tensor)
    {
        using var leaf = tensor.detach();
        return Native.Alias(leaf.Handle);
    }
}

/// <summary>How PyTorch starts the weights of linear, convolution and recurrent layers.</summary>
internal static class Start
{
    /// <summary>Uniform in ±1/sqrt(fan-in), as PyTorch's <c>kaiming_uniform_(a = sqrt 5)</c> works out.</summary>
    public static Parameter Uniform(long[] size, double bound)
    {
        using var scope = NewDisposeScope();
        return new Parameter(zeros(size).uniform_(-bound, bound));
    }
}

public sealed class Linear : nn.Module<Tensor, Tensor>
{
    public readonly Parameter weight;
    public readonly Parameter? bias;

    internal Linear(long inputSize, long outputSize, bool hasBias)
        : base(nameof(Linear))
    {
        var bound = 1 / Math.Sqrt(inputSize);
        weight = Start.Uniform([outputSize, inputSize], bound);
        bias = hasBias ? Start.Uniform([outputSize], bound) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => nn.functional.linear(input, weight, bias?.Tensor);
}

public sealed class Conv1d : nn.Module<Tensor, Tensor>
{
    public readonly Parameter weight;
    public readonly Parameter? bias;
    private readonly long _stride, _padding, _dilation, _groups;

    internal Conv1d(long inputs, long outputs, long kernel, long stride, long padding, long dilation, long groups, bool hasBias)
        : base(nameof(Conv1d))
    {
        (_stride, _padding, _dilation, _groups) = (stride, padding, dilation, groups);
        var bound = 1 / Math.Sqrt(inputs / groups * kernel);
        weight = Start.Uniform([outputs, inputs / groups, kernel], bound);
        bias = hasBias ? Start.Uniform([outputs], bound) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => nn.functional.conv1d(input, weight, bias?.Tensor, _stride, _padding, _dilation, _groups);
}

public sealed class Conv2d : nn.Module<Tensor, Tensor>
{
    public readonly Parameter weight;
    public readonly Parameter? bias;
    private readonly long[] _stride, _padding, _dilation;
    private readonly long _groups;

    internal Conv2d(long inputs, long outputs, (long, long) kernel, (long, long) stride, (long, long) padding, (long, long) dilation, long groups, bool hasBias)
        : base(nameof(Conv2d))
    {
        (_stride, _padding, _dilation, _groups) = ([stride.Item1, stride.Item2], [padding.Item1, padding.Item2], [dilation.Item1, dilation.Item2], groups);
        var bound = 1 / Math.Sqrt(inputs / groups * kernel.Item1 * kernel.Item2);
        weight = Start.Uniform([outputs, inputs / groups, kernel.Item1, kernel.Item2], bound);
        bias = hasBias ? Start.Uniform([outputs], bound) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => nn.functional.conv2d(input, weight, bias?.Tensor, _stride, _padding, _dilation, _groups);
}

/// <summary>Batch normalisation over dimension 1; in training the running figures move by <c>momentum</c>.</summary>
public sealed class BatchNorm : nn.Module<Tensor, Tensor>
{
    public readonly Parameter weight;
    public readonly Parameter bias;
    private readonly double _eps, _momentum;
    private Tensor _runningMean;
    private Tensor _runningVariance;

    internal BatchNorm(string name, long features, double eps, double momentum)
        : base(name)
    {
        (_eps, _momentum) = (eps, momentum);
        using var scope = NewDisposeScope();
        weight = new Parameter(ones(features));
        bias = new Parameter(zeros(features));
        RegisterComponents();
        _runningMean = register_buffer("running_mean", zeros(features));
        _runningVariance = register_buffer("running_var", ones(features));
    }

    public double eps => _eps;

    public Tensor running_mean => _runningMean;

    public Tensor running_var => _runningVariance;

    public override Tensor forward(Tensor input) =>
        Operator.Get("batch_norm").One(input, weight.Tensor, bias.Tensor, _runningMean, _runningVariance, training, _momentum, _eps, false);

    protected override void MoveBuffer(string name, (string Name, Tensor Tensor) moved)
    {
        if (name == "running_mean")
            _runningMean = moved.Tensor;
        else
            _runningVariance = moved.Tensor;
    }
}

/// <summary>LSTM or GRU of PyTorch's layout and gate order (i f g o; r z n), with its state given and returned.</summary>
public abstract class Recurrent : nn.Module
{
    private protected readonly bool BatchFirst;
    private protected readonly bool Bidirectional;
    private protected readonly double DropoutRate;

    private protected Recurrent(string name, int gates, long inputSize, long hiddenSize, long layers, bool batchFirst, double dropout, bool bidirectional)
        : base(name)
    {
        (BatchFirst, DropoutRate, Bidirectional, this.hiddenSize, this.layers) = (batchFirst, dropout, bidirectional, hiddenSize, layers);
        var bound = 1 / Math.Sqrt(hiddenSize);
        for (var layer = 0; layer < layers; layer++)
            foreach (var direction in bidirectional ? new[] { "", "_reverse" } : [""])
            {
                var size = layer == 0 ? inputSize : hiddenSize * (bidirectional ? 2 : 1);
                register_parameter($"weight_ih_l{layer}{direction}", Start.Uniform([gates * hiddenSize, size], bound));
                register_parameter($"weight_hh_l{layer}{direction}", Start.Uniform([gates * hiddenSize, hiddenSize], bound));
                register_parameter($"bias_ih_l{layer}{direction}", Start.Uniform([gates * hiddenSize], bound));
                register_parameter($"bias_hh_l{layer}{direction}", Start.Uniform([gates * hiddenSize], bound));
            }
    }

    public long hiddenSize { get; }

    public long layers { get; }

    private protected Tensor[] Weights => parameters().Select(p => p.Tensor).ToArray();

    private protected Tensor Zero(Tensor input) =>
        torch.zeros([layers * (Bidirectional ? 2 : 1), input.shape[BatchFirst ? 0 : 1], hiddenSize], input.dtype, input.device);
}

public sealed class LSTM : Recurrent
{
    internal LSTM(long inputSize, long hiddenSize, long layers, bool batchFirst, double dropout, bool bidirectional)
        : base(nameof(LSTM), 4, inputSize, hiddenSize, layers, batchFirst, dropout, bidirectional)
    {
    }

    /// <summary>input [T, B, in] ([B, T, in] when batch first), state [layers x directions, B, hidden]; zero when none is given.</summary>
    public (Tensor output, Tensor h_n, Tensor c_n) forward(Tensor input, (Tensor h0, Tensor c0)? state = null)
    {
        var (h, c) = state ?? (Zero(input), Zero(input));
        var all = Operator.Get("lstm", "input").Call(input, new[] { h, c }, Weights, true, layers, DropoutRate, training, Bidirectional, BatchFirst);
        return (all[0], all[1], all[2]);
    }

    public (Tensor output, Tensor h_n, Tensor c_n) call(Tensor input, (Tensor h0, Tensor c0)? state = null) => forward(input, state);
}

public sealed class GRU : Recurrent
{
    internal GRU(long inputSize, long hiddenSize, long layers, bool batchFirst, double dropout, bool bidirectional)
        : base(nameof(GRU), 3, inputSize, hiddenSize, layers, batchFirst, dropout, bidirectional)
    {
    }

    public (Tensor output, Tensor h_n) forward(Tensor input, Tensor? h0 = null)
    {
        var all = Operator.Get("gru", "input").Call(input, h0 ?? Zero(input), Weights, true, layers, DropoutRate, training, Bidirectional, BatchFirst);
        return (all[0], all[1]);
    }

    public (Tensor output, Tensor h_n) call(Tensor input, Tensor? h0 = null) => forward(input, h0);
}

/// <summary>A function without parameters; <see cref="nn.Module.training"/> is passed to it.</summary>
public sealed class Function : nn.Module<Tensor, Tensor>
{
    private readonly Func<Tensor, bool, Tensor> _function;

    internal Function(string name, Func<Tensor, bool, Tensor> function)
        : base(name) => _function = function;

    public override Tensor forward(Tensor input) => _function(input, training);
}

/// <summary>A loss of an input against a target.</summary>
public sealed class Loss : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Func<Tensor, Tensor, Tensor> _function;

    internal Loss(string name, Func<Tensor, Tensor, Tensor> function)
        : base(name) => _function = function;

    public override Tensor forward(Tensor input, Tensor target) => _function(input, target);
}

public sealed class Sequential : nn.Module<Tensor, Tensor>
{
    private readonly List<nn.Module<Tensor, Tensor>> _modules = [];

    internal Sequential(IEnumerable<(string, nn.Module<Tensor, Tensor>)> modules)
        : base(nameof(Sequential))
    {
        foreach (var (name, module) in modules)
        {
            register_module(name, module);
            _modules.Add(module);
        }
    }

    public override Tensor forward(Tensor input) => _modules.Aggregate(input, (x, module) => module.forward(x));
}
