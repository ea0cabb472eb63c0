// Puts the reader widget beside every page. Its one place of configuration is
// `customFields.bookChat` in docusaurus.config.js; without a server there is no widget.
import ExecutionEnvironment from '@docusaurus/ExecutionEnvironment';
import siteConfig from '@generated/docusaurus.config';
import './book-chat.css';

const {server, ...attributes} = siteConfig.customFields?.bookChat ?? {};

if (ExecutionEnvironment.canUseDOM && server) {
  const script = document.createElement('script');
  script.src = `${server.replace(/\/$/, '')}/widget.js`;
  script.async = true;
  // With the panel open, the text stands in its final place before a citation's heading is sought.
  const root = document.documentElement;
  try {
    const open = sessionStorage.getItem('book-chat open');
    if (open && matchMedia('(min-width: 60.01rem)').matches) root.setAttribute('data-book-chat-open', '');
  } catch {
    // Without storage the panel is closed.
  }
  script.onerror = () => root.removeAttribute('data-book-chat-open');
  Object.assign(script.dataset, attributes);
  document.head.append(script);
}
