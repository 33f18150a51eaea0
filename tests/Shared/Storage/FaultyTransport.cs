using System.Diagnostics.CodeAnalysis;
using System.Text;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace AaClip.Tests;

/// <summary>Sends requests to real storage, and spoils those that it is told to, as a bad network or a busy account does.</summary>
/// <param name="choose">Decides on each request; from many threads.</param>
internal sealed class FaultyTransport(Func<Request, StorageFault?> choose) : HttpPipelineTransport
{
    private const string Page = "<html><body><h1>Please log in</h1></body></html>";

    private static readonly HttpClientTransport Real = new();
    private int _faults;

    /// <summary>Faults made so far.</summary>
    public int Faults => Volatile.Read(ref _faults);

    /// <summary>A body that can be half: listings, messages and rows of tables are read as a whole.</summary>
    public static bool AnswersWhole(Request request) =>
        request.Method == RequestMethod.Get
        && (
            request.Uri.Query.Contains("comp=list", StringComparison.Ordinal)
            || request.Uri.Path.EndsWith("/messages", StringComparison.Ordinal)
            || request.Uri.Path.EndsWith("()", StringComparison.Ordinal)
            || request.Uri.Path.EndsWith("/Tables", StringComparison.Ordinal)
        );

    public override Request CreateRequest() => Real.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException("The pipeline is asynchronous throughout.");

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        StorageFault? fault = choose(message.Request);
        if (fault is not null)
            Interlocked.Increment(ref _faults);
        switch (fault)
        {
            case StorageFault.Error500:
                message.Response = new Canned(500, "Internal Server Error", "");
                return;
            case StorageFault.Busy503:
                message.Response = new Canned(503, "Server Busy", "") { ["Retry-After"] = "0" };
                return;
            case StorageFault.LostRequest:
                throw new TaskCanceledException("The request was lost."); // as HttpClient after its timeout
            case StorageFault.Page200 or StorageFault.Page404:
                message.Response = new Canned(fault is StorageFault.Page200 ? 200 : 404, "", Page) { ["Content-Type"] = "text/html" };
                return;
        }

        await Real.ProcessAsync(message);
        switch (fault)
        {
            case StorageFault.LostAnswer:
                message.Response.Dispose();
                throw new TaskCanceledException("The answer was lost.");
            case StorageFault.HalfBody or StorageFault.BrokenBody when message.Response.ContentStream is { } content:
                using (content)
                {
                    using MemoryStream whole = new();
                    await content.CopyToAsync(whole);
                    message.Response.ContentStream = new Part(
                        whole.ToArray().AsMemory(0, (int)whole.Length / 2).ToArray(),
                        broken: fault is StorageFault.BrokenBody
                    );
                }

                break;
        }
    }

    /// <summary>Half of a body, which ends as if it were all, or as HttpClient tells that the connection broke.</summary>
    private sealed class Part(byte[] bytes, bool broken) : Stream
    {
        private readonly MemoryStream _bytes = new(bytes);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) =>
            _bytes.Read(buffer, offset, count) is > 0 and int read ? read
            : broken ? throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.")
            : 0;

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class Canned(int status, string reason, string body) : Response
    {
        private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase);

        public string this[string header]
        {
            set => _headers[header] = value;
        }

        public override int Status => status;

        public override string ReasonPhrase => reason;

        public override Stream? ContentStream { get; set; } = new MemoryStream(Encoding.UTF8.GetBytes(body));

        public override string ClientRequestId { get; set; } = "";

        public override void Dispose() => ContentStream?.Dispose();

        protected override bool ContainsHeader(string name) => _headers.ContainsKey(name);

        protected override IEnumerable<HttpHeader> EnumerateHeaders() =>
            _headers.Select(header => new HttpHeader(header.Key, header.Value));

        protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) => _headers.TryGetValue(name, out value);

        protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
        {
            values = _headers.TryGetValue(name, out string? value) ? [value] : null;
            return values is not null;
        }
    }
}
