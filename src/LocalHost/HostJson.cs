using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace AaClip.LocalHost;

/// <summary>What of host.json matters here; defaults and limits are those of the Functions host, version 2.0 of the schema.</summary>
internal sealed record HostJson
{
    /// <summary>extensions.http.routePrefix: first part of every route.</summary>
    public string RoutePrefix { get; private init; } = "api";

    /// <summary>extensions.queues.batchSize: messages taken at once, 1 to 32.</summary>
    public int BatchSize { get; private init; } = 16;

    /// <summary>extensions.queues.newBatchThreshold: more are taken once no more than this many are running.</summary>
    public int NewBatchThreshold { get; private init; } = 8 * Environment.ProcessorCount;

    /// <summary>extensions.queues.maxDequeueCount: attempts before a message goes to its poison queue.</summary>
    public int MaxDequeueCount { get; private init; } = 5;

    /// <summary>extensions.queues.visibilityTimeout: pause before a failed message is tried again.</summary>
    public TimeSpan VisibilityTimeout { get; private init; } = TimeSpan.Zero;

    /// <summary>extensions.queues.maxPollingInterval: longest pause between two looks at an empty queue, 100 ms or more.</summary>
    public TimeSpan MaxPollingInterval { get; private init; } = TimeSpan.FromMinutes(1);

    /// <summary>extensions.queues.messageEncoding is "base64" (else "none").</summary>
    public bool Base64 { get; private init; } = true;

    /// <summary>Section logging: log levels.</summary>
    public IConfiguration Logging { get; private init; } = new ConfigurationManager();

    /// <exception cref="InvalidDataException">The file is not JSON, or a value is out of its range.</exception>
    public static HostJson Load(string scriptRoot)
    {
        string file = Path.GetFullPath(Path.Combine(scriptRoot, "host.json"));
        if (!File.Exists(file))
            return new HostJson();
        try
        {
            using ConfigurationManager json = new();
            json.AddJsonFile(file);
            return Read(json, file);
        }
        catch (InvalidDataException broken) when (broken.InnerException is JsonException or FormatException)
        {
            throw new InvalidDataException($"'{file}' is not JSON: {broken.InnerException.InnerException?.Message ?? broken.InnerException.Message}", broken);
        }
    }

    private static HostJson Read(ConfigurationManager json, string file)
    {
        HostJson defaults = new();
        IConfigurationSection queues = json.GetSection("extensions:queues");
        int batchSize = Number("batchSize", 1, 32, defaults.BatchSize);
        return new HostJson
        {
            RoutePrefix = json["extensions:http:routePrefix"] ?? defaults.RoutePrefix,
            BatchSize = batchSize,
            NewBatchThreshold = Number("newBatchThreshold", 0, int.MaxValue, batchSize / 2 * Environment.ProcessorCount),
            MaxDequeueCount = Number("maxDequeueCount", 1, int.MaxValue, defaults.MaxDequeueCount),
            VisibilityTimeout = Span("visibilityTimeout", TimeSpan.Zero, TimeSpan.FromDays(7), defaults.VisibilityTimeout),
            MaxPollingInterval = Span("maxPollingInterval", TimeSpan.FromMilliseconds(100), TimeSpan.MaxValue, defaults.MaxPollingInterval),
            Base64 = queues["messageEncoding"]?.ToUpperInvariant() switch
            {
                null or "BASE64" => true,
                "NONE" => false,
                _ => throw Wrong("messageEncoding", "\"base64\" or \"none\""),
            },
            // The file is no longer watched once the configuration is disposed of: keep a copy of the levels.
            Logging = new ConfigurationBuilder().AddInMemoryCollection(json.GetSection("logging").AsEnumerable(makePathsRelative: true)).Build(),
        };

        int Number(string name, int least, int most, int otherwise) => queues[name] switch
        {
            null => otherwise,
            string text when int.TryParse(text, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most => value,
            _ => throw Wrong(name, most == int.MaxValue ? $"a whole number from {least}" : $"a whole number from {least} to {most}"),
        };

        TimeSpan Span(string name, TimeSpan least, TimeSpan most, TimeSpan otherwise) => queues[name] switch
        {
            null => otherwise,
            string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value) && value >= least && value <= most => value,
            _ => throw Wrong(name, $"a time like \"00:00:02\" from {least}"),
        };

        InvalidDataException Wrong(string name, string expected) =>
            new($"extensions.queues.{name} in '{file}' is '{queues[name]}', expected {expected}.");
    }
}
