using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public enum Reduction
        {
            None = 0,
            Mean = 1,
            Sum = 2,
        }

        public static Linear Linear(long inputSize, long outputSize, bool hasBias = true) => new(inputSize, outputSize, hasBias);

        public static Conv1d Conv1d(long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, long dilation = 1, long groups = 1, bool bias = true) =>
            new(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias);

        public static Conv2d Conv2d(
            long in_channels, long out_channels, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null,
            (long, long)? dilation = null, long groups = 1, bool bias = true) =>
            new(in_channels, out_channels, kernel_size, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1), groups, bias);

        public static BatchNorm BatchNorm1d(long features, double eps = 1e-5, double momentum = 0.1) => new("BatchNorm1d", features, eps, momentum);

        public static BatchNorm BatchNorm2d(long features, double eps = 1e-5, double momentum = 0.1) => new("BatchNorm2d", features, eps, momentum);

        public static LSTM LSTM(long inputSize, long hiddenSize, long numLayers = 1, bool batchFirst = false, double dropout = 0, bool bidirectional = false) =>
            new(inputSize, hiddenSize, numLayers, batchFirst, dropout, bidirectional);

        public static GRU GRU(long inputSize, long hiddenSize, long numLayers = 1, bool batchFirst = false, double dropout = 0, bool bidirectional = false) =>
            new(inputSize, hiddenSize, numLayers, batchFirst, dropout, bidirectional);

        public static Function Dropout(double p = 0.5) => new("Dropout", (x, training) => functional.dropout(x, p, training));

        public static Function ReLU() => new("ReLU", static (x, _) => x.relu());

        public static Function LeakyReLU(double slope = 0.01) => new("LeakyReLU", (x, _) => functional.leaky_relu(x, slope));

        public static Function GELU() => new("GELU", static (x, _) => functional.gelu(x));

        public static Function SiLU() => new("SiLU", static (x, _) => functional.silu(x));

        public static Function ELU(double alpha = 1) => new("ELU", (x, _) => functional.elu(x, alpha));

        public static Function Softplus() => new("Softplus", static (x, _) => functional.softplus(x));

        public static Function Softmax(long dim) => new("Softmax", (x, _) => x.softmax(dim));

        public static Function LogSoftmax(long dim) => new("LogSoftmax", (x, _) => x.log_softmax(dim));

        public static Function Tanh() => new("Tanh", static (x, _) => x.tanh());

        public static Function Sigmoid() => new("Sigmoid", static (x, _) => x.sigmoid());

        public static Function Flatten(long start = 1) => new("Flatten", (x, _) => x.flatten(start));

        public static Function MaxPool1d(long kernel, long? stride = null, long padding = 0) => new("MaxPool1d", (x, _) => functional.max_pool1d(x, kernel, stride, padding));

        public static Function AvgPool1d(long kernel, long? stride = null) => new("AvgPool1d", (x, _) => functional.avg_pool1d(x, kernel, stride));

        public static Function AdaptiveAvgPool1d(long size) => new("AdaptiveAvgPool1d", (x, _) => functional.adaptive_avg_pool1d(x, size));

        public static Function MaxPool2d((long, long) kernel, (long, long)? stride = null) => new("MaxPool2d", (x, _) => functional.max_pool2d(x, kernel, stride));

        public static Function AvgPool2d((long, long) kernel, (long, long)? stride = null) => new("AvgPool2d", (x, _) => functional.avg_pool2d(x, kernel, stride));

        public static Function AdaptiveMaxPool1d(long size) => new("AdaptiveMaxPool1d", (x, _) => functional.adaptive_max_pool1d(x, size));

        public static Function AdaptiveAvgPool2d((long, long) size) => new("AdaptiveAvgPool2d", (x, _) => functional.adaptive_avg_pool2d(x, size));

        public static Loss MSELoss(Reduction reduction = Reduction.Mean) => new("MSELoss", (x, y) => functional.mse_loss(x, y, reduction));

        public static Loss L1Loss(Reduction reduction = Reduction.Mean) => new("L1Loss", (x, y) => functional.l1_loss(x, y, reduction));

        public static Loss HuberLoss(double delta = 1, Reduction reduction = Reduction.Mean) => new("HuberLoss", (x, y) => functional.huber_loss(x, y, delta, reduction));

        public static Loss CrossEntropyLoss(Reduction reduction = Reduction.Mean) => new("CrossEntropyLoss", (x, y) => functional.cross_entropy(x, y, reduction));

        public static Loss BCEWithLogitsLoss(Reduction reduction = Reduction.Mean) => new("BCEWithLogitsLoss", (x, y) => functional.binary_cross_entropy_with_logits(x, y, reduction));

        public static Sequential Sequential(params (string name, Module<Tensor, Tensor> module)[] modules) => new(modules);

        public static class functional
        {
            public static Tensor linear(Tensor input, Tensor weight, Tensor? bias = null) => Operator.Get("linear").One(input, weight, bias);

            public static Tensor conv1d(Tensor input, Tensor weight, Tensor? bias = null, long stride = 1, long padding = 0, long dilation = 1, long groups = 1) =>
                Operator.Get("conv1d").One(input, weight, bias, new[] { stride }, new[] { padding }, new[] { dilation }, groups);

            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias, long[] strides, long[] padding, long[] dilation, long groups = 1) =>
                Operator.Get("conv2d").One(input, weight, bias, strides, padding, dilation, groups);

            public static Tensor relu(Tensor x) => x.relu();

            public static Tensor leaky_relu(Tensor x, double slope = 0.01) => Operator.Get("leaky_relu").One(x, slope);

            public static Tensor gelu(Tensor x) => Operator.Get("gelu").One(x);

            public static Tensor elu(Tensor x, double alpha = 1) => Operator.Get("elu").One(x, alpha);

            public static Tensor sigmoid(Tensor x) => x.sigmoid();

            public static Tensor tanh(Tensor x) => x.tanh();

            public static Tensor silu(Tensor x) => Operator.Get("silu").One(x);

            public static Tensor softplus(Tensor x) => Operator.Get("softplus").One(x);

            public static Tensor dropout(Tensor x, double p = 0.5, bool training = true) => Operator.Get("dropout").One(x, p, training);

            public static Tensor softmax(Tensor x, long dim) => x.softmax(dim);

            public static Tensor log_softmax(Tensor x, long dim) => x.log_softmax(dim);

            public static Tensor max_pool1d(Tensor x, long kernel, long? stride = null, long padding = 0) =>
                Operator.Get("max_pool1d").One(x, new[] { kernel }, new[] { stride ?? kernel }, new[] { padding });

            public static Tensor avg_pool1d(Tensor x, long kernel, long? stride = null) => Operator.Get("avg_pool1d").One(x, new[] { kernel }, new[] { stride ?? kernel });

            public static Tensor adaptive_avg_pool1d(Tensor x, long size) => Operator.Get("adaptive_avg_pool1d").One(x, new[] { size });

            public static Tensor max_pool2d(Tensor x, (long, long) kernel, (long, long)? stride = null) =>
                Operator.Get("max_pool2d").One(x, new[] { kernel.Item1, kernel.Item2 }, new[] { (stride ?? kernel).Item1, (stride ?? kernel).Item2 });

            public static Tensor avg_pool2d(Tensor x, (long, long) kernel, (long, long)? stride = null) =>
                Operator.Get("avg_pool2d").One(x, new[] { kernel.Item1, kernel.Item2 }, new[] { (stride ?? kernel).Item1, (stride ?? kernel).Item2 });

            public static Tensor adaptive_max_pool1d(Tensor x, long size) => Operator.Get("adaptive_max_pool1d").Call(x, new[] { size })[0];

            public static Tensor adaptive_avg_pool2d(Tensor x, (long, long) size) => Operator.Get("adaptive_avg_pool2d").One(x, new[] { size.Item1, size.Item2 });

            public static Tensor pad(Tensor x, long[] pad, double value = 0) => Operator.Get("constant_pad_nd").One(x, pad, value);

            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) => Operator.Get("mse_loss").One(input, target, (long)reduction);

            public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) => Operator.Get("l1_loss").One(input, target, (long)reduction);

            public static Tensor huber_loss(Tensor input, Tensor target, double delta = 1, Reduction reduction = Reduction.Mean) =>
                Operator.Get("huber_loss").One(input, target, (long)reduction, delta);

            /// <summary>Cross-entropy of logits [B, C] against class numbers [B] or probabilities [B, C].</summary>
            public static Tensor cross_entropy(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                Operator.Get("cross_entropy_loss").One(input, target, Argument.None, (long)reduction);

            public static Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                Operator.Get("binary_cross_entropy_with_logits").One(input, target, Argument.None, Argument.None, (long)reduction);
        }

        public static class utils
        {
            /// <summary>Scales all gradients together so that their norm is at most <paramref name="max_norm"/>; returns the norm before.</summary>
            public static double clip_grad_norm_(IEnumerable<Parameter> parameters, double max_norm)
            {
                using var scope = NewDisposeScope();
                using var still = no_grad();
                var gradients = parameters.Select(p => p.grad).OfType<Tensor>().ToArray();
                if (gradients.Length == 0)
                    return 0;
                var norm = stack(Operator.Get("_foreach_norm", "Scalar").Call(gradients, 2)).norm().to(float64).item<double>();
                if (norm > max_norm)
                    Operator.Get("_foreach_mul_", "Scalar").Call(gradients, max_norm / (norm + 1e-6));
                return norm;
            }

            /// <summary>Cuts every number of every gradient to ±<paramref name="clip_value"/>.</summary>
            public static void clip_grad_value_(IEnumerable<Parameter> parameters, double clip_value)
            {
                using var scope = NewDisposeScope();
                using var still = no_grad();
                foreach (var gradient in parameters.Select(p => p.grad).OfType<Tensor>())
                    Operator.Get("clamp_").One(gradient, -clip_value, clip_value);
            }
        }
    }
}
