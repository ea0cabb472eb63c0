// The one line that adds the chat to a page:
//
//   <script src="https://your-server/widget.js" async></script>
//
// It adds a <book-chat>, with the tag's data-… as its attributes, unless there is one already.
(() => {
  const script = document.currentScript ?? document.querySelector('script[src*="widget.js"]');
  const element = new URL("web/book-chat.js", new URL(script.src, location.href));

  const add = async () => {
    try {
      await import(element.href);
    } catch (error) {
      // The page is somebody's book; without its server the chat is simply not there.
      document.documentElement.removeAttribute("data-book-chat-open");
      console.warn(`Book Chat is not available: ${error.message}`);
      return;
    }
    if (document.querySelector("book-chat")) return;
    const chat = document.createElement("book-chat");
    for (const [name, value] of Object.entries(script.dataset)) chat.setAttribute(name, value);
    // First, so that the keyboard reaches it without a way through the whole page.
    document.body.prepend(chat);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", add);
  else add();
})();
